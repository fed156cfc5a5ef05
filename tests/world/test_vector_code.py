"""The dense loops are vector code, the widest the target has; and on a target without it they make the same."""

import hashlib
import inspect
import os
import platform
import re
import subprocess
import sys

import llvmlite.binding as llvm
import numpy as np
import pytest
from numba import njit
from numba.core import config

from underwatch.world.draws import split_seed
from underwatch.world.kernels import dense
from underwatch.world.rates import rates
from underwatch.world.scenario_file import scenario_for

DENSE_LOOPS = ("draw_day", "fade_and_hear", "fade_and_habituate", "weigh_outings", "set_out")
AT_LEAST = 8  # packed instructions in a loop; a copy or a spill alone has fewer

WIDE = re.compile(r"^\s*vp\w+\s.*%[yz]mm\d", re.MULTILINE)
NARROW = re.compile(r"^\s*v?p\w+\s.*%xmm\d", re.MULTILINE)
NEON = re.compile(r"^\s*\w+\s.*\bv\d+\.(?:16b|8h|4s|2d)", re.MULTILINE)


def packed_instructions():
    """What a packed instruction looks like on the target of the compiler, which a variable may set to another."""
    if platform.machine().lower() in {"arm64", "aarch64"}:
        return NEON
    host = config.CPU_NAME in (None, "", "host")
    return WIDE if host and llvm.get_host_cpu_features().get("avx2", False) else NARROW


def an_argument(name):
    if name == "key":
        return split_seed(1)
    if name == "rates":
        phase = scenario_for("hoeryong").phases()[0]
        return rates(phase.values, phase.without, phase.order, phase.campaign)
    if name in {"who", "day"}:
        return 20_000
    return np.zeros(1024, np.uint16)


def machine_code(name):
    """The assembly of a dense loop, compiled for arrays as the kernel passes them."""
    loop = getattr(dense, name)
    arguments = [an_argument(parameter) for parameter in inspect.signature(loop.py_func).parameters]
    fresh = njit(nogil=True, _nrt=False)(loop.py_func)
    fresh(*arguments)
    return "\n".join(fresh.inspect_asm().values())


@pytest.mark.parametrize("name", DENSE_LOOPS)
def test_a_dense_loop_works_on_whole_registers(name):
    if name == "weigh_outings" and packed_instructions() is NARROW:
        pytest.skip("without AVX2 the compiler keeps weigh_outings scalar: its products are taken in 64-bit lanes")
    found = packed_instructions().findall(machine_code(name))
    assert len(found) >= AT_LEAST, f"{name} has {len(found)} packed instructions: the compiler gave up on vectors"


def test_a_loop_that_cannot_be_vector_code_is_told_apart():
    """The count above is of vector code: a chain in which each element needs the one before it has none."""

    def chain(values):
        last = np.uint16(1)
        for i in range(len(values)):
            last = np.uint16(np.uint16(last * values[i]) ^ np.uint16(last >> np.uint16(3)))
            values[i] = last

    fresh = njit(nogil=True, _nrt=False)(chain)
    fresh(np.zeros(1024, np.uint16))
    assert len(packed_instructions().findall("\n".join(fresh.inspect_asm().values()))) < AT_LEAST


ALL_LOOPS = (
    *DENSE_LOOPS,
    "count_outings",
    "sum_levels",
    "set_rates",
    "note_outings",
    "draw_households",
)


def what_the_loops_make():
    """A hash of all that the dense loops return and leave in arrays of any content."""
    luck, found = np.random.default_rng(5), hashlib.blake2b(digest_size=16)
    scalars = {"threshold": 40_000, "purpose": 3, "first": 77}
    for name in ALL_LOOPS:
        arguments = []
        for parameter in inspect.signature(getattr(dense, name).py_func).parameters:
            one = scalars.get(parameter, an_argument(parameter))
            content = isinstance(one, np.ndarray)
            arguments.append(luck.integers(0, 65536, 1000, np.uint16) if content else one)
        returned = getattr(dense, name)(*arguments)
        arrays = [one.tobytes() for one in arguments if isinstance(one, np.ndarray)]
        found.update(repr(returned).encode() + b"".join(arrays))
    return found.hexdigest()


@pytest.mark.deep
def test_they_make_the_same_on_a_processor_without_vectors():
    """A look where width could matter; `test_engine_is_reference` tries the whole engine so."""
    code = "import sys; sys.path.insert(0, sys.argv[1]); import test_vector_code as t; print(t.what_the_loops_make())"
    setting = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    command = [sys.executable, "-W", "ignore", "-c", code, os.path.dirname(__file__)]
    there = subprocess.run(command, env=os.environ | setting, capture_output=True, text=True, check=False)
    assert there.returncode == 0, there.stderr
    assert there.stdout.strip() == what_the_loops_make()
