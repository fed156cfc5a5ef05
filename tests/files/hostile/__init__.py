"""Hostile files, each made to cost much or to be taken for what it is not, and what reading one comes to.

`PYTHONPATH=tests python -m files.hostile FOLDER [NAME ...]` makes each in the folder and reads it as a user would, in a
process of its own, and prints a line of JSON: exit code, what was said, how much memory was added, how long it took.
"""

from files.hostile import banks, documents, left, packages, sealed
from files.hostile.making import CASES, MB, MOST_MB

__all__ = ["CASES", "MB", "MOST_MB", "banks", "documents", "left", "packages", "sealed"]
