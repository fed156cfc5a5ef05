"""What the studio is asked and does: questions, a queue of runs, folders opened, exports.

In: a question as the page asks it.
Out: a run on its way, its results, files to take away.
Called by `web.api`, `web.views`, and `cli`, which makes the queue.
"""
