"""The format: tables, vocabularies, places, identifiers, written periods, and their description for others.

In: nothing: it is fixed.
Out: what a cell may hold, and what a written period means.
Called by all of `evidence`, and whoever reads a package.
"""
