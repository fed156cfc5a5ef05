"""The templates of the pages and the style that they share.

In: what `pages.rendering` hands over.
Out: HTML.
Called by `pages.rendering`.
"""
