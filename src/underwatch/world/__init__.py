"""The model: synthetic residents, the rules that move them, and the loops that run the rules."""
