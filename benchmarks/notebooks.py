"""The notebooks of examples/ run by plain Python, cell by cell, and their figures.

Run: python benchmarks/notebooks.py writes what each cell draws to build/notebooks/NAME-1.png and so on. A cell's last
expression is evaluated as a notebook would show it. What a command writes goes to a temporary folder.
"""

import ast
import json
import os
import tempfile
from contextlib import chdir
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))
FIGURES = ROOT / "build" / "notebooks"


def cells_of(path, kind="code"):
    """The cells of a notebook of one kind, as text."""
    document = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in document["cells"] if cell["cell_type"] == kind]


def run(path):
    """Run a notebook in a temporary folder; what the last expression of each cell is, or None."""
    names, shown = {"__name__": "notebook"}, []
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        for number, text in enumerate(cells_of(path), 1):
            tree = ast.parse(text)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            where = f"{path.name}, cell {number}"
            exec(compile(tree, where, "exec"), names)
            shown.append(None if last is None else eval(compile(ast.Expression(last.value), where, "eval"), names))
    return shown


def main():
    """Run all notebooks and write their figures."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    FIGURES.mkdir(parents=True, exist_ok=True)
    for path in NOTEBOOKS:
        run(path)
        for number in pyplot.get_fignums():
            pyplot.figure(number).savefig(FIGURES / f"{path.stem}-{number}.png", dpi=110)
        pyplot.close("all")
        print(path.name)


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "agg")
    main()
