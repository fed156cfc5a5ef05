"""Keeping evidence private: seal, passphrases, who may open a folder, counts in bands.

In: files of a package, a passphrase or a key, a count.
Out: a sealed file and back, a judgement of a passphrase, words for a count.
Called by `check`, `inference`, `pages`, `api`, `cli`.
"""
