"""What the page is given of a run: charts, one life, the outsider's view, the map, what can be chosen.

In: the worlds of a run.
Out: plain data for the page.
Called by `web.api`.
"""
