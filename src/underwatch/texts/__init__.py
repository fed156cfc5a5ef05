"""Texts: every sentence that a reader meets, in each language, and how numbers and dates are written in it.

In: a language, the key of a text, and what its gaps are filled with.
Out: whole sentences, never put together from pieces.
Called by everybody who speaks to a reader; it calls nobody. The studio's page is served the same texts.
"""
