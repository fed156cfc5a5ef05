"""Changing a package: the working copy, imports, merging, the spreadsheet template.

In: a checked package and rows from elsewhere.
Out: a package with its history, and what was met twice.
Called by `release`, `privacy`, `cli`; everything is noted in the history.
"""
