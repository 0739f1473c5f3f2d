"""Second checks: a jump is told twice, and a pump infuses while its counter follows its rate."""

import pytest

from ketamon.testing.conversation import START
from ketamon.wire.continuity import Flow, Steady


@pytest.mark.parametrize(
    ("told", "most", "believed"),
    [
        ([5], 0, "y"),
        ([5, 5, 5], 0, "yyy"),
        ([5, 6, 6, 6], 0, "ynyy"),
        ([5, 6, 5], 0, "yny"),
        ([5, 6, 7, 7], 0, "ynny"),
        ([5, 6, 7, 7.5], 1, "yyyy"),
        ([5, 4, 4], 1, "yny"),
        ([5, 9, 9.5], 1, "yny"),
        ([0.1 + 0.2, 0.3], 0, "yy"),
    ],
)
def test_a_jump_is_believed_when_it_is_told_twice(told, most, believed):
    steady = Steady()
    assert "".join("ny"[steady.believes(value, most)] for value in told) == believed


def states(step_ml, reports):
    flow = Flow(step_ml)
    return [flow.state(rate, volume, START.plus(second)).value for second, rate, volume in reports]


@pytest.mark.parametrize(
    ("reports", "expected"),
    [
        ([(0, 36.0, 1.0), (1, 36.0, 1.01)], ["unknown", "infusing"]),
        ([(0, 36.0, 1.0), (1, 36.0, 1.01), (9, 36.0, 1.01), (10, 36.0, 1.01)],
         ["unknown", "infusing", "infusing", "unknown"]),
        ([(0, 36.0, 1.0), (1, 36.0, 0.0)], ["unknown", "unknown"]),
        ([(0, 36.0, 1.0), (1, 36.0, 1.01), (2, 36.0, 0.0)], ["unknown", "infusing", "unknown"]),
        ([(0, 0.0, 1.0), (1, 0.0, 1.01), (2, 36.0, 1.01)], ["held", "held", "unknown"]),
        ([(0, None, 1.0), (1, 36.0, None)], ["unknown", "unknown"]),
        ([(0, 1.0, 1.0), (30, 1.0, 1.01), (130, 1.0, 1.01)], ["unknown", "infusing", "infusing"]),
    ],
)  # fmt: skip
def test_a_pump_infuses_while_its_counter_follows_its_rate(reports, expected):
    assert states(0.01, reports) == expected
