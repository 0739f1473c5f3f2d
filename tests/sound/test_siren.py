"""When which burst is due, with time in the hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketamon.domain.devices import Priority
from ketamon.sound.patterns import LEAST_PAUSE_S, PATTERNS
from ketamon.sound.siren import Do, Siren

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
EVERY_S = 0.05


def hear(script, until):
    """Let a siren look every 50 ms; `script` is [(time, audible, alarms so far)]. Return [(time, what)].

    With a fourth item somebody silenced what called before.
    """
    siren, heard = Siren(), []
    for n in range(round(until / EVERY_S)):
        now = n * EVERY_S
        begin, audible, alarms, *acted = [line for line in script if line[0] <= now + 1e-9][-1]
        what = siren.look(audible, alarms, now, silenced=bool(acted) and now - begin < EVERY_S / 2)
        if what is not Do.NOTHING:
            heard.append((round(now, 2), what))
    return heard


@pytest.mark.parametrize(("priority", "every"), [(HIGH, 3.3 + 3.0), (MEDIUM, 1.0 + 8.0)])
def test_a_burst_is_repeated_after_its_pause(priority, every):
    heard = hear([(0, None, 0), (1.0, priority, 1)], 30)
    assert [what for _, what in heard] == [priority] * len(heard)
    assert [when for when, _ in heard] == pytest.approx([1.0 + n * every for n in range(len(heard))], abs=0.06 * 5)
    assert len(heard) >= 4


def test_low_sounds_once():
    assert hear([(0, LOW, 1)], 120) == [(0.0, LOW)]


def test_silence_stops_at_once():
    assert hear([(0, HIGH, 1), (0.5, None, 1, "paused")], 20) == [(0.0, HIGH), (0.5, Do.STOP)]


def test_what_is_over_by_itself_sounds_to_the_end_of_its_burst_and_not_again():
    assert hear([(0, HIGH, 1), (0.5, None, 1)], 60) == [(0.0, HIGH)]


def test_the_rest_of_a_burst_can_be_silenced_too():
    assert hear([(0, HIGH, 1), (0.5, None, 1), (1.0, None, 1, "paused")], 9) == [(0.0, HIGH), (1.0, Do.STOP)]


def test_after_silence_a_new_alarm_sounds_at_once():
    script = [(0, HIGH, 1), (0.5, None, 1, "acknowledged"), (0.7, HIGH, 2)]
    assert hear(script, 2) == [(0.0, HIGH), (0.5, Do.STOP), (0.7, HIGH)]


def test_a_higher_priority_interrupts():
    assert hear([(0, MEDIUM, 1), (0.3, HIGH, 2)], 3) == [(0.0, MEDIUM), (0.3, HIGH)]


def test_a_lower_one_that_remains_is_heard_soon():
    heard = hear([(0, HIGH, 2), (1.0, MEDIUM, 2, "acknowledged")], 4)
    assert heard == [(0.0, HIGH), (1.0, Do.STOP), (1.0 + LEAST_PAUSE_S, MEDIUM)]
    assert hear([(0, HIGH, 2), (1.0, MEDIUM, 2)], 7) == [(0.0, HIGH), (5.8, MEDIUM)]
    assert hear([(0, HIGH, 2), (9.0, LOW, 2)], 60)[2:] == [(6.3 + 3.3 + LEAST_PAUSE_S, LOW)]


def test_what_an_acknowledged_alarm_leaves_at_the_same_priority_goes_on():
    assert hear([(0, HIGH, 2), (1.0, HIGH, 2, "one of two")], 6) == [(0.0, HIGH)]


def test_another_alarm_of_the_same_priority_does_not_wait_for_the_whole_pause():
    assert hear([(0, MEDIUM, 1), (5.0, MEDIUM, 2)], 8) == [(0.0, MEDIUM), (5.0, MEDIUM)]
    assert hear([(0, MEDIUM, 1), (1.5, MEDIUM, 2)], 8) == [(0.0, MEDIUM), (3.5, MEDIUM)]
    assert hear([(0, LOW, 1), (9.0, LOW, 2)], 60) == [(0.0, LOW), (9.0, LOW)]


def test_an_alarm_that_is_over_makes_no_new_one():
    assert hear([(0, LOW, 2), (5.0, LOW, 2)], 60) == [(0.0, LOW)]


STEPS = st.tuples(st.integers(1, 200), st.sampled_from([None, *Priority]), st.integers(0, 1), st.booleans())


@given(st.lists(STEPS, max_size=20))
def test_whatever_happens_bursts_keep_their_distance_and_nothing_waits_too_long(steps):
    siren, now, alarms, audible = Siren(), 0.0, 0, None
    last = None
    waits = 0.0
    for count, after, more, acted in steps:
        before, audible, alarms = audible, after, alarms + more
        for tick in range(count):
            now += EVERY_S
            what = siren.look(audible, alarms, now, silenced=acted and tick == 0)
            waits = 0.0 if audible is None else waits + EVERY_S
            if audible is None:
                assert what in (Do.STOP, Do.NOTHING)
            if isinstance(what, Priority):
                assert what is audible
                higher = tick == 0 and (before is None or what.rank > before.rank)
                if last is not None and not higher:
                    assert now - last[0] >= LEAST_PAUSE_S - 1e-6
                last, waits = (now, what), 0.0
            if audible not in (None, LOW):
                pattern = PATTERNS[audible]
                assert waits <= pattern.burst_s + pattern.pause_s + 2 * EVERY_S + LEAST_PAUSE_S
