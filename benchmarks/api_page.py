"""The page docs/api.md, made from the docstrings of the front door and of what comes back from it.

Run: python benchmarks/api_page.py writes it.
"""

import inspect
import re
from pathlib import Path

import underwatch
from underwatch.api.commands.compare import CompareResult
from underwatch.api.commands.design import DesignResult
from underwatch.api.commands.estimate import EstimateResult
from underwatch.api.commands.exposure import ExposureResult
from underwatch.api.commands.run import DiaryResult, RunResult
from underwatch.api.commands.sensitivity import SensitivityResult
from underwatch.api.commands.sweep import SweepResult
from underwatch.api.neighbourhood import Neighbourhood
from underwatch.api.silence import SilenceResult
from underwatch.api.told import ToldPackage

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api.md"

INTRO = """# From Python

`import underwatch as uw`. What one types is what the commands do: `uw.run`, `uw.compare`, `uw.sweep`,
`uw.sensitivity`, `uw.estimate`, `uw.design`, `uw.exposure` and `uw.diary` are the commands of the same names, and
the command line only calls them and prints. `uw.simulate` is one world in memory, `uw.twins` are several with the
same luck. A place's name, a TOML file or a `Scenario` stands wherever a scenario is wanted; a parameter is a keyword.

```python
import underwatch as uw

world = uw.simulate("hoeryong", population=5_000, days=90, seed=1)
world.to_df(every="W", by="group")  # a pandas frame; engine="polars" or "arrow"
world.plot("followed_outings")  # the axes of Matplotlib
uw.twins("hoeryong", {"seen": {"p_notice": 0.9}}, population=5_000, days=90).diff(every="W")
uw.sweep("hoeryong", draws=30, ensemble="prior", population=2_000, days=90).to_df()
relief = uw.Intervention("no-quotas", times={"quota_mps_per_week": 0, "quota_mss_per_week": 0})
uw.compare("hoeryong", ["end-reprimands", relief], draws=0, replicates=4, population=5_000).to_df(by="group")
```

**A result shows itself.** In a program it is one line, in a notebook a card: what was asked, what came of it, what
to call next. Two results are equal when their digests are. **Frames part all residents**: `by=None`, `"group"`
(listed and ordinary at the start) or `"grounds"` (the combination held), so that sums over rows are true; grounds
that overlap come from `overlapping_grounds()`. A week or month that is cut short is kept and flagged (`is_partial`,
`n_days`). Units are in `frame.attrs["units"]`, or in the metadata of Arrow fields. The first world compiles the
rules, about 40 s, and says so.

**Questions of your own.** `measure={"never_followed": lambda week: 1 - week.ever_followed.mean()}` asks every week
(`Week` below); `class Jumpy(uw.Rules)` changes a rule in plain Python, some thousand times slower than compiled.

**Inference on a scenario of your own** in under a minute: `uw.bank` runs 200 worlds, `uw.tell` makes the package
that two groups would have of a hidden one, `uw.estimate` answers behind the same gates as ever.

```python
hidden = uw.simulate("hoeryong", population=5_000, days=182, seed=7, p_notice=0.8)
package = uw.tell(hidden)
answer = uw.estimate(package, bank=uw.bank("hoeryong", population=5_000, days=182))
answer.to_df(), answer.to_arviz()  # what no gate withholds
answer.ungated(reason="coverage of the method")  # of a package that tell made, and of no other
package.truth()
```

Eight notebooks in [`examples/notebooks/`](../examples/notebooks/1_a_place.ipynb) do one everyday task each. Names
that are not on this page are private to their module and may change. This page is made from the docstrings by
`python benchmarks/api_page.py`.
"""

GROUPS = {
    "What is known": ("places", "model_parameters", "published_facts"),
    "What is asked": (
        "Parameters", "prior_draws", "Scenario", "Change", "Intervention", "scenario_for", "find_interventions",
    ),
    "Worlds in memory": (
        "simulate", "twins", "SimulatedWorld", "TwinWorlds", "Week", "Rules", "silence_curve", "ledger",
    ),
    "The commands": ("run", "diary", "compare", "sweep", "sensitivity"),
    "What got out, and what it tells": (
        "read_package", "example_package", "tell", "bank", "estimate", "design", "exposure",
    ),
    "When something is wrong": ("InputError",),
}  # fmt: skip
COME_BACK = (
    RunResult, DiaryResult, CompareResult, SweepResult, SensitivityResult, SilenceResult, Neighbourhood, ToldPackage,
    EstimateResult, DesignResult, ExposureResult,
)  # fmt: skip


def signature_of(value):
    """The arguments of a function as one types them, without types."""
    parts, star = [], False
    for one in inspect.signature(value).parameters.values():
        if one.name in ("self", "former") or one.name.startswith("_"):
            continue
        if one.kind is one.KEYWORD_ONLY and not star:
            parts, star = [*parts, "*"], True
        if one.kind is one.VAR_KEYWORD:
            parts.append(f"**{one.name}")
        elif one.default is one.empty:
            parts.append(one.name)
        else:
            parts.append(f"{one.name}={one.default!r}" if not callable(one.default) else one.name)
    return f"({', '.join(parts)})"


def text_of(value):
    """A docstring as paragraphs of one line each."""
    said = inspect.cleandoc(value.__doc__ or "")
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n\s*\n", said))


def members_of(kind):
    """The public methods and properties that a class has of its own, in their order, a line each."""
    for name, value in vars(kind).items():
        if name.startswith("_") or not (
            inspect.isfunction(value) or isinstance(value, property) or hasattr(value, "func")
        ):
            continue
        inner = getattr(value, "func", getattr(value, "fget", value))
        shown = f".{name}{signature_of(value)}" if inspect.isfunction(value) else f".{name}"
        yield f"- `{shown}`: {' '.join(text_of(inner).split())}"


def section_of(name, value):
    """The heading, the docstring and the members of a public name."""
    title = f"{name}{signature_of(value)}" if inspect.isfunction(value) else name
    if hasattr(value, "__wrapped__"):
        title = f"{name}()"
    lines = [f"### `{title}`", "", text_of(value)]
    if name in ("Change", "Intervention"):
        title = f"{name}{signature_of(value)}"
        lines[0] = f"### `{title}`"
    if inspect.isclass(value) and not issubclass(value, Exception):
        lines += ["", *members_of(value)]
    return "\n".join(lines).rstrip() + "\n"


def page():
    """The whole page."""
    parts = [INTRO]
    for title, names in GROUPS.items():
        parts.append(f"## {title}\n")
        parts += [section_of(name, getattr(underwatch, name)) for name in names]
    parts.append("## What comes back\n")
    parts += [section_of(kind.__name__, kind) for kind in COME_BACK]
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
