"""The main job: a scenario beside its twin, run, kept on its way, and brought down to a study.

In: a plan, from the command line or from the studio.
Out: a run directory, or a study that grows stage by stage.
Called by `experiments.histories`, `web`, `api`, `cli`.
"""
