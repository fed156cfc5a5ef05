"""The studio: a local page, its server and guard, and what it may ask.

In: requests from this machine with the token.
Out: answers as JSON, the page itself.
Called by `cli`; it simulates through `experiments` alone.
"""
