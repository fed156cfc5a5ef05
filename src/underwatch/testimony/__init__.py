"""What leaks out: who saw an incident, who tells it, how late, and what relays it."""
