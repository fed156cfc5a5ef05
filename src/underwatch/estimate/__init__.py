"""What it tells: posteriors from published reports, their calibration, and the refusal to give one."""
