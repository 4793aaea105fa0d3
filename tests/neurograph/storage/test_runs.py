"""Places by runs give what places one by one give."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from neurograph.storage.runs import _PIECE, LEAST, MEAN, inside, put_at, put_some_at, runs, taken

SIZE = 3 * LEAST
pieces = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(1, LEAST)), min_size=1, max_size=9)


def from_pieces(found: list[tuple[int, int]], most: int = SIZE) -> np.ndarray:
    """(n,) places, none twice, that rise one by one within pieces; LEAST of them at least."""
    found = [*found, (most // 3, LEAST)]
    places = np.concatenate([np.arange(first, min(first + count, most)) for first, count in found])
    _, first = np.unique(places, return_index=True)
    return places[np.sort(first)].astype(np.int32)


@given(pieces)
def test_runs_are_all_places_in_order(found):
    places = from_pieces(found)
    known = runs(places)
    assert known is not None
    assert [at for at, _, _ in known] == np.cumsum([0, *(count for _, _, count in known)])[:-1].tolist()
    np.testing.assert_array_equal(np.concatenate([np.arange(f, f + c) for _, f, c in known]), places)


@pytest.mark.parametrize("places", [np.arange(10), np.arange(0, 3 * LEAST, 2), np.full(LEAST, 7)])
def test_short_runs_are_none(places):
    assert runs(places) is None


@pytest.mark.parametrize("odd", [1, 50, _PIECE - 1, _PIECE, _PIECE + 1, 2 * _PIECE, 3 * _PIECE - 2])
def test_one_run_is_found_and_what_looks_like_one_is_not(odd):
    places = np.arange(5, 5 + 3 * _PIECE, dtype=np.int32)
    assert runs(places) == [(0, 5, len(places))]
    places[[odd - 1, odd]] = places[[odd, odd - 1]]  # its ends are as far apart as before
    known = runs(places)
    assert known is not None and len(known) > 1
    np.testing.assert_array_equal(np.concatenate([np.arange(f, f + c) for _, f, c in known]), places)


def test_places_that_are_missing_begin_runs_of_their_own():
    """-1 stands for none, and 0 comes after it."""
    places = np.r_[-1, np.arange(LEAST), -1, -1]
    values, at = np.arange(LEAST) + 0.5, np.full(len(places), np.nan)
    known = runs(places)
    assert known is not None and LEAST // len(known) >= MEAN
    for mine, theirs in inside(known, 0, LEAST):
        at[mine] = values[theirs]
    np.testing.assert_array_equal(np.flatnonzero(np.isnan(at)), [0, LEAST + 1, LEAST + 2])
    np.testing.assert_array_equal(at[1 : LEAST + 1], values)


@pytest.mark.parametrize("shape", [(), (2, 3)])
@given(found=pieces, seed=st.integers(0, 9), share=st.sampled_from([0.0, 0.05, 0.9, 1.0]))
def test_numbers_at_runs_are_numbers_at_places(shape, found, seed, share):
    random, places = np.random.default_rng(seed), from_pieces(found)
    values, known = random.random((SIZE, *shape)), runs(places)
    np.testing.assert_array_equal(taken(values, places, known), values[places])
    np.testing.assert_array_equal(taken(values, places, None), values[places])
    which, new = random.random(len(places)) < share, random.random((len(places), *shape))
    for some in (None, which):
        one, other = values.copy(), values.copy()
        if some is None:
            put_at(one, places, new, known)
            other[places] = new
        else:
            put_some_at(one, places, new, some, known)
            other[places[some]] = new[some]
        np.testing.assert_array_equal(one, other)


@given(pieces, st.integers(0, SIZE), st.integers(0, SIZE), st.lists(st.integers(0, SIZE), max_size=40), st.data())
def test_parts_of_runs_are_the_places_between_two(found, start, stop, born, data):
    places = from_pieces(found)
    where = np.sort(np.minimum(born, len(places))).astype(np.int64)  # newborns, alone and side by side
    places = np.insert(places, where, -1)
    if data.draw(st.booleans()):
        places = np.concatenate([np.full(LEAST, -1, np.int32), places])
    known = runs(places)
    assume(known is not None)  # not so many newborns that single places are sooner looked up
    mine, theirs = np.zeros(len(places), bool), np.full(len(places), -1)
    for part, behind in inside(known, start, stop):
        mine[part], theirs[part] = True, np.arange(behind.start, behind.stop)
    np.testing.assert_array_equal(mine, (places >= start) & (places < stop))
    np.testing.assert_array_equal(theirs[mine], places[mine] - start)
