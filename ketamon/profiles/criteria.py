"""What a criterion of the gate must not say: what each kind needs, and what means nothing for it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields

from ketamon.domain.parameters import PUMP_PARAMETERS, Parameter
from ketamon.domain.profile import Criterion, CriterionKind, ObservationItem, Profile

MONITORED = [parameter for parameter in Parameter if parameter not in PUMP_PARAMETERS]


def monitored(parameters: Iterable[tuple[str, Parameter | None]]) -> Iterator[str]:
    """Refuse, at their key paths, parameters that only a pump reports."""
    for at, parameter in parameters:
        if parameter in PUMP_PARAMETERS:
            yield f"{at} is {str(parameter)!r}; allowed is what a monitor reports: {', '.join(MONITORED)}"


_ALWAYS = frozenset({"id", "label", "kind", "remedy"})
_NEEDS: dict[CriterionKind, tuple[frozenset[str], frozenset[str]]] = {
    CriterionKind.ELAPSED: (frozenset({"minutes"}), frozenset({"since"})),
    CriterionKind.VITAL: (
        frozenset({"parameter"}),
        frozenset({"low", "high", "or_baseline", "percent_of_baseline", "sustained_minutes"}),
    ),
    CriterionKind.GRADE: (
        frozenset({"item", "minutes"}),
        frozenset({"at_least", "at_most", "or_item", "or_at_least", "or_at_most", "sustained_minutes"}),
    ),
    CriterionKind.ABSENT: (frozenset({"item", "minutes"}), frozenset()),
    CriterionKind.CONFIRMED: (frozenset({"item"}), frozenset({"named"})),
    CriterionKind.NO_HIGH_ALARM: (frozenset(), frozenset()),
}
"""For each kind of criterion: the fields it cannot do without, and those it may have."""


def criteria(profile: Profile) -> Iterator[str]:
    """Say what is wrong with the criteria, one sentence per problem."""
    items = {o.id: o for o in profile.observation}
    for i, criterion in enumerate(profile.criterion):
        at = f"criterion[{i}]"
        if not criterion.remedy.strip():
            yield f"{at}.remedy is empty; allowed is what would meet the criterion"
        needed, optional = _NEEDS[criterion.kind]
        given = {f.name for f in fields(criterion) if getattr(criterion, f.name) != f.default} - _ALWAYS
        yield from (f"{at}.{key} is missing; {criterion.kind} needs it" for key in sorted(needed - given))
        yield from (f"{at}.{key} means nothing for {criterion.kind}" for key in sorted(given - needed - optional))
        if not needed - given:
            yield from _KINDS.get(criterion.kind, _nothing)(at, criterion, items)


def _nothing(_at: str, _criterion: Criterion, _items: dict[str, ObservationItem]) -> Iterator[str]:
    yield from ()


def _vital(at: str, c: Criterion, _: dict[str, ObservationItem]) -> Iterator[str]:
    yield from monitored([(f"{at}.parameter", c.parameter)])
    if c.low is None and c.high is None and c.percent_of_baseline is None:
        yield f"{at} has none of low, high and percent_of_baseline; allowed is one of them or more"
    if c.low is not None and c.high is not None and c.low >= c.high:
        yield f"{at}.low is {c.low:g}; allowed is less than high {c.high:g}"
    if c.or_baseline and c.low is None:
        yield f"{at}.or_baseline stands without low; allowed is both"


def _grade(at: str, c: Criterion, items: dict[str, ObservationItem]) -> Iterator[str]:
    yield from _range(at, "", c.item, (c.at_least, c.at_most), items)
    if c.or_item:
        yield from _range(at, "or_", c.or_item, (c.or_at_least, c.or_at_most), items)
    elif c.or_at_least is not None or c.or_at_most is not None:
        yield f"{at}.or_item is missing; or_at_least and or_at_most need it"


def _range(
    at: str, prefix: str, item: str, bounds: tuple[int | None, int | None], items: dict[str, ObservationItem]
) -> Iterator[str]:
    if item not in items:
        yield f"{at}.{prefix}item is {item!r}; allowed is the id of an observation"
        return
    low, high = bounds
    if low is None and high is None:
        yield f"{at} has neither {prefix}at_least nor {prefix}at_most; allowed is one of them or both"
    values = list(items[item].values)
    if not any((low is None or g >= low) and (high is None or g <= high) for g in values):
        yield f"{at}.{prefix}at_least and {prefix}at_most leave no grade of {item!r}; its grades are {values}"


def _absent(at: str, c: Criterion, items: dict[str, ObservationItem]) -> Iterator[str]:
    if c.item not in items:
        yield f"{at}.item is {c.item!r}; allowed is the id of an observation"


_KINDS: dict[CriterionKind, Callable[[str, Criterion, dict[str, ObservationItem]], Iterator[str]]] = {
    CriterionKind.VITAL: _vital,
    CriterionKind.GRADE: _grade,
    CriterionKind.ABSENT: _absent,
}
