"""Files and folders: written in one place, looked over before use, read within limits.

In: paths and bytes that may be somebody else's.
Out: files that appear whole or not at all; content within limits; one clear error.
Called by everything; it imports nothing of the program but errors.
"""
