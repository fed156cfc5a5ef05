"""Compiled code comes only from a folder that nobody else can fill: what is planted elsewhere never runs."""

import json
import os
import pickle
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from numba.core.caching import UserProvidedCacheLocator

from support.planted import opened_up
from underwatch.experiments.engine import progress
from underwatch.world.kernels import compiled
from underwatch.world.kernels.compiled import compiled_sources, sources_hash

# One process reads Numba in and has a child for each case, which declares a cached function and looks for what is kept.
MODULE = (
    "from numba import njit\nfrom underwatch.world.kernels import compiled\n\n"
    "@njit(cache=True)\ndef f(x):\n    return x\n"
)
CHILDREN = """
    import json, os, sys
    import numba
    sys.path.insert(0, sys.argv[2])
    for case in json.load(open(sys.argv[1])):
        child = os.fork()
        if not child:
            for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "HOME", "TMPDIR"):
                os.environ.pop(name, None)
            os.environ.update(case["variables"])
            os.chdir(case["cwd"])
            os.umask(case["umask"])
            numba.config._env_reloader.reset()  # as a fresh process would read them
            import declared
            from underwatch.world.kernels import compiled
            if case["again"]:  # what a compile does when any of Numba's variables has changed
                os.environ["NUMBA_DEBUG"] = "0"
                numba.config.reload_config()
                declared.f = numba.njit(cache=True)(declared.f.py_func)
            declared.f._cache._cache_file._load_index()
            with open(case["told"], "w") as file:
                print(json.dumps([str(compiled.CACHE), compiled.NOT_KEPT, declared.f._cache.cache_path]), file=file)
            sys.exit(0)
        os.waitpid(child, 0)
"""


class Planted:
    """A pickle that makes a folder as soon as it is read."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


class Case:
    """One way to be led to a stranger's folder."""

    def __init__(self, at):
        at.mkdir()
        self.at, self.mark = at, at / "ran"
        self.home, self.cwd, self.tmp = at / "home", at / "cwd", at / "tmp"
        for folder in (self.home, self.cwd, self.tmp):
            folder.mkdir(mode=0o700)
        self.variables, self.umask, self.again = {"HOME": str(self.home), "TMPDIR": str(self.tmp)}, 0o022, False

    def plant(self, top):
        """Put the pickle where Numba would look for the index of the declared function."""
        inner = UserProvidedCacheLocator.get_suitable_cache_subpath(str(self.at.parent / "declared.py"))
        folder = top / sources_hash() / inner
        for level in (top, top / sources_hash(), folder):
            if not level.exists():
                level.mkdir(mode=0o700)
        for line in range(1, 8):
            name = f"declared.f-{line}.py{sys.version_info[0]}{sys.version_info[1]}{sys.abiflags}.nbi"
            (folder / name).write_bytes(pickle.dumps(Planted(self.mark)))
        return top

    def written(self):
        told = {key: getattr(self, key) for key in ("variables", "umask", "again")}
        return told | {"cwd": str(self.cwd), "told": str(self.at / "told.json")}


def sound(case):
    case.variables["NUMBA_CACHE_DIR"] = str(case.plant(case.at / "cache"))


def others_write_the_folder(case):
    case.variables["NUMBA_CACHE_DIR"] = str(opened_up(case.plant(case.at / "cache")))


def others_write_only_by_group(case):
    sound(case)
    (case.at / "cache").chmod(0o770)


def others_write_above_it(case):
    (case.at / "above").mkdir()
    case.variables["NUMBA_CACHE_DIR"] = str(case.plant(case.at / "above" / "cache"))
    opened_up(case.at / "above")


def others_write_far_above_it(case):
    (case.at / "above" / "own").mkdir(parents=True)
    case.variables["NUMBA_CACHE_DIR"] = str(case.plant(case.at / "above" / "own" / "cache"))
    (case.at / "above").chmod(0o777)


def a_link(case):
    case.plant(case.at / "elsewhere")
    (case.at / "cache").symlink_to(case.at / "elsewhere")
    case.variables["NUMBA_CACHE_DIR"] = str(case.at / "cache")


def a_link_on_the_way_from_an_open_folder(case):
    case.plant(case.at / "elsewhere")
    (case.at / "open").mkdir()
    (case.at / "open" / "hop").symlink_to(case.at)
    opened_up(case.at / "open")
    (case.at / "way").symlink_to(case.at / "open" / "hop")
    case.variables["NUMBA_CACHE_DIR"] = str(case.at / "way" / "elsewhere")


def the_hash_folder_is_a_link(case):
    case.plant(case.at / "elsewhere")
    (case.at / "cache").mkdir()
    (case.at / "cache" / sources_hash()).symlink_to(case.at / "elsewhere" / sources_hash())
    case.variables["NUMBA_CACHE_DIR"] = str(case.at / "cache")


def the_hash_folder_was_open(case):
    sound(case)
    (case.at / "cache" / sources_hash()).chmod(0o777)


def an_index_of_somebody_else(case):
    """As root the files become a stranger's; otherwise they are links to what somebody else may change."""
    sound(case)
    for path in (case.at / "cache").rglob("*.nbi"):
        if os.geteuid() == 0:
            os.chown(path, 12345, 12345)
        else:
            (case.at / path.name).write_bytes(path.read_bytes())
            path.unlink()
            path.symlink_to(case.at / path.name)


def the_users_caches_are_open(case):
    case.plant(opened_up_later(case.at / "caches") / "underwatch")
    case.variables["XDG_CACHE_HOME"] = str(opened_up(case.at / "caches"))


def the_home_has_an_open_part(case):
    case.plant(opened_up_later(case.home / ".cache") / "underwatch")
    opened_up(case.home / ".cache")


def opened_up_later(folder):
    folder.mkdir()
    return folder


def an_empty_variable(case):
    case.variables |= {"NUMBA_CACHE_DIR": "", "XDG_CACHE_HOME": ""}
    case.plant(case.cwd)


def a_relative_variable(case):
    case.variables |= {"NUMBA_CACHE_DIR": "here"}
    case.plant(case.cwd / "here")


def a_relative_variable_of_all_caches(case):
    case.variables |= {"XDG_CACHE_HOME": "caches"}
    (case.cwd / "caches").mkdir()
    case.plant(case.cwd / "caches" / "underwatch")


def no_umask(case):
    case.umask = 0o000


def the_temporary_folder_is_open_too(case):
    others_write_the_folder(case)
    opened_up(case.tmp)


def settings_in_the_working_folder(case):
    case.plant(case.cwd / "kept")
    (case.cwd / ".numba_config.yaml").write_text(f"cache_dir: {case.cwd / 'kept' / sources_hash()}\n")
    case.again = True


HOSTILE = [
    others_write_the_folder, others_write_only_by_group, others_write_above_it, others_write_far_above_it, a_link,
    a_link_on_the_way_from_an_open_folder, the_hash_folder_is_a_link, the_hash_folder_was_open,
    an_index_of_somebody_else, the_users_caches_are_open, the_home_has_an_open_part, the_temporary_folder_is_open_too,
]  # fmt: skip
AT_HOME = [an_empty_variable, a_relative_variable, a_relative_variable_of_all_caches, no_umask,
           settings_in_the_working_folder]  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What each case came to: the case, the folder used, why another was not, and where Numba looks."""
    at = tmp_path_factory.mktemp("compiled")
    (at / "declared.py").write_text(MODULE)
    cases = {one: Case(at / one.__name__) for one in (sound, *HOSTILE, *AT_HOME)}
    for make, case in cases.items():
        make(case)
    (at / "cases.json").write_text(json.dumps([case.written() for case in cases.values()]))
    line = [sys.executable, "-c", textwrap.dedent(CHILDREN), str(at / "cases.json"), str(at)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {
        make: (case, *(json.loads((case.at / "told.json").read_text()) if (case.at / "told.json").exists() else ()))
        for make, case in cases.items()
    }


def test_what_is_in_a_folder_of_ones_own_is_used(told):
    """So that the other tests can fail: there the same pickle does run."""
    case = told[sound][0]
    assert case.mark.is_dir()


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
def test_what_others_could_have_planted_never_runs(told, make):
    case, used, why, numbas = told[make]
    assert not case.mark.exists()
    assert why
    assert numbas.startswith(used)
    assert not os.path.lexists(used), "the private folder is removed at the end"
    assert case.tmp.exists()
    assert list(case.tmp.iterdir()) == []


@pytest.mark.parametrize("make", AT_HOME, ids=lambda make: make.__name__)
def test_what_does_not_name_a_folder_counts_as_not_set(told, make):
    case, used, why, numbas = told[make]
    assert not case.mark.exists()
    assert (used, why) == (str(case.home / ".cache" / "underwatch" / sources_hash()), "")
    assert numbas.startswith(str(case.home / ".cache" / "underwatch"))
    for level in (".cache", ".cache/underwatch", f".cache/underwatch/{sources_hash()}"):
        assert (case.home / level).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("why", ["", "/x can be written by others"])
def test_it_is_said_once_why_every_start_compiles(monkeypatch, capsys, why):
    monkeypatch.setattr(compiled, "NOT_KEPT", why)
    monkeypatch.setattr(progress, "is_cold", lambda: True)
    assert progress.warn_if_cold()
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert why in said
    assert ("later runs start at once" in said) == (not why)


def test_all_that_is_compiled_in_the_world_is_in_the_hash():
    """And nothing that is not: a comment in the reference compiles nothing anew."""
    world = Path(compiled.__file__).parent.parent
    hashed = set(compiled_sources())
    assert {path for path in world.rglob("*.py") if "njit" in path.read_text(encoding="utf-8")} <= hashed
    assert not [path for path in hashed if "reference" in path.parts or path.name.startswith("scenario")]
