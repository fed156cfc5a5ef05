"""What a reader looks at: the report of a run, pages of answers, estimates and evidence, with their charts.

In: studies, tables, answers.
Out: one HTML file each, that opens offline; lines for the terminal.
Called by `web`, `api` and `cli`; nothing here simulates.
"""
