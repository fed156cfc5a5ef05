"""What got out: a package of coded reports, its format, checks, edits, release, seal and reading.

In: a folder, a zip or a sealed file that people coded.
Out: findings, a package in memory, a reading for an estimate, the one table that may leave.
Called by `inference`, `disclosure`, `pages`, `api`, `cli`; it knows nothing of the world.
"""
