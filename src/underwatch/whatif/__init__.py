"""What would change it: dated changes, twin worlds, ensembles over the prior, and what matters."""
