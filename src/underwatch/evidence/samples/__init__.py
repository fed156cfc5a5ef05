"""Packages to try things on: the coded public example, and one made from a known truth.

In: nothing: they ship.
Out: packages, and the truth of the synthetic one.
Called by tests, examples, `api`, `cli`.
"""
