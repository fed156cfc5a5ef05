"""The worlds that a draft is judged in: their settings, how they are lived through, and what is kept of them.

In: which days and which place.
Out: recorded histories, world by world, new or from the cache of this account.
Called by `disclosure`, `api`.
"""
