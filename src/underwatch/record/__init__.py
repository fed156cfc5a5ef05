"""What comes out: incidents, indicators, ranges, and the folder a run is written to.

In: the raw history of a world.
Out: tables with units, headline figures, tallies, files that a manifest vouches for.
Called by everything above; what reads testimony reads this record, never the world's inner state.
"""
