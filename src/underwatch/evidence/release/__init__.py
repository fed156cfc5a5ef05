"""What may leave a group: the safe table and its proof, and rows for another group.

In: a checked package and the rules of a release.
Out: counts with small ones hidden or noise on all, a public record.
Called by `cli`, and `inference.inputs`, which copies what it hides.
"""
