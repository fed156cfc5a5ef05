"""Whom a report would expose: how many residents a draft could be about, and who could have told it.

In: a draft of stated details, in closed vocabularies; recorded histories of synthetic worlds.
Out: sets as numbers, their lower ends, and what would make them larger; never a resident.
Called by `web`, `api`, `cli`.
"""
