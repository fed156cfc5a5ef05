"""What comes out: incidents, indicators, and the folder a run is written to."""
