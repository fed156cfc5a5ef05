"""The one way in for files that somebody else may have made: each reader knows how much it takes.

In: a path or bytes.
Out: plain values, arrays, tables, archives within size, depth and count.
Called by everything that reads; whatever is wrong ends in an InputError.
"""
