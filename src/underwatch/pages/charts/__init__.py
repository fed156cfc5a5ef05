"""Charts as inline SVG, each with the table it was drawn from.

In: tables with ranges.
Out: figures.
Called by `pages`, `web`, `api`, `cli`.
"""
