"""Showing it: the charts, the one-file report, and the local page."""
