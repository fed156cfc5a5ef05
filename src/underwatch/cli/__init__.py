"""The command line: a thin front whose commands are imported only when they are called.

`COMMANDS` is the list of them. Every error that a user can cause ends in one line on standard error and exit code 2,
and leaves earlier results as they were.
In: words typed. Out: lines, folders, an exit code.
Called by the program `underwatch` alone.
"""

from underwatch.cli.front import Front

# Name on the command line -> where the click command is, and its line in the listing.
COMMANDS: dict[str, tuple[str, str]] = {
    "run": ("underwatch.cli.world:run", "Simulate a place, its twin and the silence curve; write a report."),
    "compare": ("underwatch.cli.whatif:compare", "Compare a place with its twins under what would relieve people."),
    "sweep": ("underwatch.cli.sweep:sweep", "Draw the unknowns from their ranges: how wide the figures are."),
    "sensitivity": ("underwatch.cli.sensitivity:sensitivity", "Say which unknowns matter, and what to ask first."),
    "diary": ("underwatch.cli.diary:diary", "Tell the days of one synthetic resident of a run."),
    "studio": ("underwatch.cli.studio:studio", "Open the local page: look, ask and compare."),
    "estimate": (
        "underwatch.cli.estimate:estimate",
        "Say what the silence hides, with calibrated ranges or a refusal.",
    ),
    "calibrate": ("underwatch.cli.calibrate:calibrate", "Prove the calibration of a bank of worlds; build one."),
    "design": ("underwatch.cli.design:design", "Say what evidence would sharpen an estimate the most."),
    "exposure": (
        "underwatch.cli.exposure:exposure",
        "Say whom a draft report would expose, before it is published.",
    ),
    "evidence": ("underwatch.cli.evidence:evidence", "Keep, check, seal and publish a package of coded reports."),
    "check": ("underwatch.cli.evidence.check:check", "Short for `evidence check`: what is wrong in a package."),
    "facts": ("underwatch.cli.facts:facts", "Show what the model rests on: numbers, places, sources."),
}

main = Front(
    commands=COMMANDS,
    help="Underwatch models life under surveillance, with synthetic residents, for those who document repression.",
)
