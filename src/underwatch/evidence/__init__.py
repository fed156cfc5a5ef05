"""What got out: the format of an evidence package, its checks, its seal and its publication."""
