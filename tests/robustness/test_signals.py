"""Ctrl-C at any moment: a timer's signal raises KeyboardInterrupt between any two instructions, in the soak alone."""

import random
import signal

import pytest

from tests.robustness.states import check_indices, state
from tests.robustness.test_interrupted import SOAK, STEPS, network


@pytest.mark.skipif(not SOAK, reason="takes its time; make soak runs it")
@pytest.mark.parametrize("name", STEPS)
def test_a_timer_that_interrupts_leaves_the_state_before_or_the_one_after(name):
    rng, act, done = random.Random(name), STEPS[name], network()
    before = state(done)
    act(done)
    either = [before, state(done)]
    for found in either:
        del found["entries"]
    handler = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for _ in range(50):
            g = network()
            if _interrupted(g, act, rng.uniform(1e-5, 4e-3)):
                found = state(g)
                del found["entries"]
                assert found in either, "half an edit"
            check_indices(g)
    finally:
        signal.signal(signal.SIGALRM, handler)


def _interrupted(g, act, seconds: float) -> bool:
    """Run a verb with a timer; whether the signal came before it ended."""
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        act(g)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    return False
