"""INTAKE: the one way in for files that somebody else may have made: each reader knows how much it takes."""
