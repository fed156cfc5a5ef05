"""Checking a package: files, tables, cells, sense, what looks like a person, and what there is.

In: the files of a package.
Out: findings with file, row, column, code and remedy; a package where there is no error; a summary.
Called by `edit`, `release`, `disclosure`, `pages`, `api`, `cli`; it writes nothing.
"""
