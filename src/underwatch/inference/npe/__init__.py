"""Neural posterior estimation: density nets, their training, the prior's support, modes of a posterior.

In: rows of parameters and summaries.
Out: a posterior to draw from and to weigh.
Called by `inference.workflow`, `bank`, `checks`, `pages`; nothing here knows what the numbers mean.
"""
