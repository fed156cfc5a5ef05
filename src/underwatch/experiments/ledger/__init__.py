"""The chilling ledger: every act that one world has and its twin has not, with the reason.

In: two worlds with shared luck.
Out: entries that add up to the difference.
Called by `pages`, `web`, `api`.
"""
