"""How word gets out: who saw an episode, who tells it, how late, and what relays it (S13).

In: recorded incidents with their subjects, or a tally of them, and how much each list could hear.
Out: expected counts and published reports of synthetic lists.
Called by `experiments`, `inference` and `api`.
"""
