"""Ctrl-C at any moment: a timer's signal raises KeyboardInterrupt between any two instructions, in the soak alone."""

import signal

import pytest

from tests.robustness.states import check_indices, state
from tests.robustness.tally import SOAK, repeat
from tests.robustness.test_interrupted import STEPS, network


@pytest.fixture
def alarms():
    """Signals of a timer that raise KeyboardInterrupt."""
    handler = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGALRM, handler)


@pytest.mark.skipif(not SOAK, reason="takes its time; make soak runs it")
@pytest.mark.parametrize("name", STEPS)
def test_a_timer_that_interrupts_leaves_the_state_before_or_the_one_after(name, alarms):
    act, done = STEPS[name], network()
    before = state(done)
    act(done)
    either = [before, state(done)]
    for found in either:
        del found["entries"]

    def trial(_, rng):
        g = network()
        came = _interrupted(g, act, float(rng.uniform(1e-5, 4e-3)))
        found = state(g)
        del found["entries"]
        assert found in either, "half an edit"
        check_indices(g)
        return "interrupted" if came else "over before"

    repeat(f"signals in {name}", trial, 1, 100)


def _interrupted(g, act, seconds: float) -> bool:
    """Run a verb with a timer; whether the signal came before it ended."""
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        act(g)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    return False
