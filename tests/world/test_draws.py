"""Luck against the published design: the known answers of Random123 for Threefry-2x32."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from underwatch.world.draws import (
    Purpose,
    choose,
    choose16,
    quarters,
    rng,
    split_seed,
    threefry,
    threefry_plain,
    words,
)

ONES = 0xFFFFFFFF
KNOWN = [
    ((0, 0), (0, 0), (0x9D1C5EC6, 0x8BD50731)),
    ((ONES, ONES), (ONES, ONES), (0xFD36D048, 0x2D17272C)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xBA3E4725, 0xF27D669E)),
]
word = st.integers(0, ONES)
day = st.integers(0, 65535)


@njit
def compiled(k0, k1, c0, c1):
    return threefry(np.uint32(k0), np.uint32(k1), np.uint32(c0), np.uint32(c1))


@pytest.mark.parametrize(("key", "counter", "answer"), KNOWN)
def test_thirteen_rounds_give_the_known_answers(key, counter, answer):
    assert threefry_plain(key, counter) == answer
    assert tuple(int(x) for x in compiled(*key, *counter)) == answer


def test_twenty_rounds_give_the_known_answer():
    assert threefry_plain((0, 0), (0, 0), rounds=20) == (0x6B200159, 0x99BA4EFE)


@given(word, word, word, word)
def test_compiled_and_plain_agree(k0, k1, c0, c1):
    assert tuple(int(x) for x in compiled(k0, k1, c0, c1)) == threefry_plain((k0, k1), (c0, c1))


@given(st.integers(0, 2**64 - 1), st.sampled_from(Purpose), word, day)
def test_words_are_keyed_by_seed_purpose_who_and_day(seed, purpose, who, day):
    key = split_seed(seed)
    a, b = threefry_plain((seed & ONES, seed >> 32), (who, purpose << 16 | day))
    assert tuple(int(x) for x in words(key, int(purpose), who, day)) == (a, b)
    assert tuple(int(x) for x in quarters(key, int(purpose), who, day)) == (a & 65535, a >> 16, b & 65535, b >> 16)


@given(word, st.integers(1, 2**31 - 1), day, st.integers(1, 2**15 - 1))
def test_choices_are_within_bounds(a, n, quarter, small):
    assert int(choose(np.uint32(a), n)) == a * n >> 32 < n
    assert int(choose16(np.uint16(quarter), small)) == quarter * small >> 16 < small


def test_a_stream_of_estimators_is_keyed_by_seed_purpose_and_parts():
    assert [rng(*key).random() for key in STREAMS] == list(STREAMS.values())
    assert rng(1, "prior", "p_notice").random() == rng(1, "prior p_notice").random() != rng(1, "prior").random()


# Written down once: (seed, purpose) is the same stream in every version.
STREAMS = {(1, "prior"): 0.41989485718528907, (2**64 - 1, "folds"): 0.5921047340173219}
