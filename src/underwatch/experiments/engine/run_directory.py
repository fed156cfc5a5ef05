"""A directory that says what is asked while the work goes on, keeps what is done, and is finished by a manifest.

One for every command that can be stopped: they differ in what they keep and in the words for what cannot be resumed.
"""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from underwatch.errors import InputError, Stopped
from underwatch.files.folders import PRIVATE, kept_folder, remove_empty, remove_files, remove_matching
from underwatch.files.intake.json import read_json
from underwatch.files.writing import SHARED, fresh_folder, growing_file, numbered_folder, write_atomically
from underwatch.record.provenance import MANIFEST, Content, write_results


@dataclass(frozen=True)
class Kind:
    """How the directory of a command is kept. In its words {folder} is the directory and {question} its file."""

    what: str
    question: str  # the file that says what is asked
    inside: str  # the folder of what is kept on the way; "" for the directory itself
    own: re.Pattern[str]  # the names of the files of that folder, and what a kill leaves of one half-written
    missing: str
    damaged: str
    finished: str
    resume: str
    private: bool = False  # whether its owner alone may read it


@dataclass(frozen=True)
class RunDirectory:
    """The directory of one question: opened for it, closed to others meanwhile, and rid of its own files at the end."""

    path: Path
    kind: Kind
    question: Mapping[str, Any]

    @classmethod
    def new(cls, kind: Kind, out: Path | None, name: str, question: Mapping[str, Any]) -> RunDirectory:
        """Make the directory, runs/NAME-001 and so on without `out`, and note the question in it."""
        mode = PRIVATE if kind.private else SHARED
        path = fresh_folder(out, mode) if out is not None else numbered_folder("runs", name, mode)
        made = cls(path, kind, question)
        text = json.dumps(question, indent=2, ensure_ascii=False, default=str) + "\n"
        try:
            if kind.inside:
                fresh_folder(made.folder, mode)
            write_atomically(path / kind.question, text.encode(), 0o600 if kind.private else 0o644)
        except BaseException:
            remove_files(path, [kind.question])
            for folder in (made.folder, path):
                remove_empty(folder)
            raise
        return made

    @classmethod
    def stopped(cls, kind: Kind, path: Path) -> RunDirectory:
        """Return a directory to go on in with the question that it holds; InputError where there is none."""
        where = {"folder": path, "question": path / kind.question}
        if (kept_folder(path, PRIVATE if kind.private else None) / MANIFEST).exists():
            raise InputError(kind.finished.format(**where))
        try:
            question = read_json(path / kind.question, "question")
            if not isinstance(question, dict):
                raise InputError(f"{path / kind.question} is no question")
        except (FileNotFoundError, NotADirectoryError):
            raise InputError(kind.missing.format(**where)) from None
        except InputError as error:
            raise InputError(kind.damaged.format(**where, error=error)) from None
        return cls(path, kind, question)

    @property
    def folder(self) -> Path:
        """Where what is done is kept on the way."""
        return self.path / self.kind.inside

    @property
    def resume(self) -> str:
        """How to go on after a stop, in words."""
        return self.kind.resume.format(folder=self.path)

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other processes from working here meanwhile; after a stop say how to go on (Stopped)."""
        with growing_file(self.path / self.kind.question) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise InputError(
                    f"{self.path} is being worked on by another process; wait for it, or stop it"
                ) from None
            if (self.path / MANIFEST).exists():
                raise InputError(f"{self.path} was finished by another process just now; there is nothing to resume")
            try:
                yield
            except KeyboardInterrupt:
                raise Stopped(self.resume) from None

    def finish(self, contents: Iterable[tuple[str, Content]], entries: Mapping[str, Any]) -> dict[str, Any]:
        """Write the results and last the manifest, take away what was kept on the way, and return the manifest."""
        manifest = write_results(self.path, self.kind.what, contents, entries)
        self.clear()
        return manifest

    def clear(self) -> None:
        """Take away what was kept on the way, the question last; what is not this directory's own stays."""
        remove_matching(self.folder, self.kind.own, last=Path(self.kind.question).name)
        if self.kind.inside:
            remove_empty(self.folder)
