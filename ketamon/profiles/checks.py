"""What a profile must not say beyond what the types of its fields refuse: each check gives one sentence per problem."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields

from ketamon.domain.parameters import CUFF, PUMP_PARAMETERS, Parameter
from ketamon.domain.profile import WATCHED_ANYWAY, Criterion, CriterionKind, Limit, ObservationItem, Profile, Watch
from ketamon.profiles.course import course

LONGEST_AUDIO_PAUSE_S = 120.0
"""No profile may silence alarms for longer: there is no indefinite all-off."""

MONITORED = [parameter for parameter in Parameter if parameter not in PUMP_PARAMETERS]


def problems_of(profile: Profile) -> list[str]:
    """Return one sentence per problem: the key path, the value, and what is allowed."""
    return [problem for check in _CHECKS for problem in check(profile)]


def _names(profile: Profile) -> Iterator[str]:
    for key in ("name", "version", "title"):
        if not getattr(profile, key).strip():
            yield f"{key} is empty; allowed is any text"
    for table in ("observation", "schedule", "limit", "criterion"):
        if not getattr(profile, table):
            yield f"{table} is an empty list; allowed is one entry or more"


def _unique(profile: Profile) -> Iterator[str]:
    yield from _twice("observation", "id", (o.id for o in profile.observation))
    yield from _twice("observation", "key", (o.key for o in profile.observation))
    yield from _twice("limit", "id", (x.id for x in profile.limit))
    yield from _twice("criterion", "id", (c.id for c in profile.criterion))
    yield from _twice("display", "parameter", (d.parameter for d in profile.display))
    yield from _twice("band", "parameter", (b.parameter for b in profile.band))
    yield from _twice("watch", "of", (w.of for w in profile.watch))
    yield from _twice("source", "parameter", (s.parameter for s in profile.source))


def _twice(table: str, key: str, values: Iterable[str]) -> Iterator[str]:
    for value, count in Counter(values).items():
        if count > 1:
            yield f"{table}: {key} {str(value)!r} stands {count} times; allowed is once"


def _plan_and_order(profile: Profile) -> Iterator[str]:
    plan, order = profile.plan, profile.order
    if not 0 < plan.shortest_minutes <= plan.minutes <= plan.longest_minutes:
        yield (
            f"plan.minutes is {plan.minutes:g}; allowed is shortest_minutes {plan.shortest_minutes:g} to "
            f"longest_minutes {plan.longest_minutes:g}, above 0"
        )
    for key in ("dose_mg_per_kg", "concentration_mg_per_ml", "weight_kg"):
        low, high = getattr(order, key)
        if not 0 < low < high:
            yield f"order.{key} is [{low:g}, {high:g}]; allowed is a lower number above 0, then a higher one"
    for key in ("highest_total_mg", "tolerance_percent"):
        if not getattr(order, key) > 0:
            yield f"order.{key} is 0; allowed is a number above 0"


def _observations(profile: Profile) -> Iterator[str]:
    for i, item in enumerate(profile.observation):
        at = f"observation[{i}]"
        if not item.id.strip() or item.id in list(Parameter):
            yield f"{at}.id is {item.id!r}; allowed is a text that is no parameter's id"
        if not item.grades:
            yield f"{at}.grades is empty; allowed is one grade or more"
        keys = [(f"{at}.key", item.key), *((f"{at}.grades[{j}].key", g.key) for j, g in enumerate(item.grades))]
        yield from (f"{key} is {value!r}; allowed is one printable character" for key, value in keys if not _key(value))
        yield from _twice(f"{at}.grades", "key", (g.key for g in item.grades))
        yield from _twice(f"{at}.grades", "value", (str(g.value) for g in item.grades))


def _key(value: str) -> bool:
    return len(value) == 1 and value.isprintable() and value != " "


def _baseline(profile: Profile) -> Iterator[str]:
    items = {o.id for o in profile.observation}
    for i, item in enumerate(profile.baseline.observations):
        if item not in items:
            yield f"baseline.observations[{i}] is {item!r}; allowed is the id of an observation"
    yield from _monitored((f"baseline.parameters[{i}]", p) for i, p in enumerate(profile.baseline.parameters))
    if not profile.baseline.within_minutes > 0:
        yield "baseline.within_minutes is 0; allowed is a number above 0"


def _monitored(parameters: Iterable[tuple[str, Parameter | None]]) -> Iterator[str]:
    for at, parameter in parameters:
        if parameter in PUMP_PARAMETERS:
            yield f"{at} is {str(parameter)!r}; allowed is what a monitor reports: {', '.join(MONITORED)}"


def _schedule(profile: Profile) -> Iterator[str]:
    allowed = {o.id for o in profile.observation} | set(MONITORED)
    for i, rule in enumerate(profile.schedule):
        at = f"schedule[{i}]"
        if rule.item not in allowed:
            yield f"{at}.item is {rule.item!r}; allowed is the id of an observation or of a monitor's parameter"
        if not rule.phases:
            yield f"{at}.phases is empty; allowed is one phase or more"
        if not rule.every_minutes and not rule.at_minutes:
            yield f"{at} has neither every_minutes nor at_minutes; allowed is one of them or both"
        if rule.every_minutes and rule.grace_minutes >= rule.every_minutes:
            yield f"{at}.grace_minutes is {rule.grace_minutes:g}; allowed is less than every_minutes"
        if list(rule.at_minutes) != sorted(set(rule.at_minutes)):
            yield f"{at}.at_minutes is {list(rule.at_minutes)}; allowed is a list that rises"


def _limits(profile: Profile) -> Iterator[str]:
    yield from _monitored((f"limit[{i}].parameter", x.parameter) for i, x in enumerate(profile.limit))
    for i, limit in enumerate(profile.limit):
        yield from _limit(f"limit[{i}]", limit)
    for parameter in MONITORED:
        lows = [x.below + x.hysteresis for x in profile.limit if x.parameter is parameter and x.below is not None]
        highs = [x.above - x.hysteresis for x in profile.limit if x.parameter is parameter and x.above is not None]
        if lows and highs and max(lows) >= min(highs):
            yield f"limit: for {parameter}, below (with its hysteresis) reaches above; allowed is room between them"


def _limit(at: str, limit: Limit) -> Iterator[str]:
    if limit.below is None and limit.above is None:
        yield f"{at} has neither below nor above; allowed is one of them or both"
    if limit.above_baseline is not None and limit.above is None:
        yield f"{at}.above_baseline stands without above; allowed is both, as there may be no baseline"
    if limit.confirm and limit.parameter not in CUFF:
        yield f"{at}.confirm is true for {limit.parameter}; allowed is a cuff pressure: {', '.join(CUFF)}"


def _alarm(profile: Profile) -> Iterator[str]:
    alarm = profile.alarm
    if not 0 < alarm.audio_pause_s <= LONGEST_AUDIO_PAUSE_S:
        yield f"alarm.audio_pause_s is {alarm.audio_pause_s:g}; allowed is above 0, at most {LONGEST_AUDIO_PAUSE_S:g}"
    if alarm.stale_factor < 1:
        yield f"alarm.stale_factor is {alarm.stale_factor:g}; allowed is 1 or more"
    for key in ("cuff_valid_minutes", "rejected_frames_per_minute", "clock_step_s", "momentary_s"):
        if not getattr(alarm, key) > 0:
            yield f"alarm.{key} is 0; allowed is a number above 0"
    there = {rule.of for rule in (*profile.watch, *WATCHED_ANYWAY)}
    yield from (
        f"watch has no entry of {str(of)!r}; allowed is one for each condition" for of in Watch if of not in there
    )


def _display(profile: Profile) -> Iterator[str]:
    yield from _monitored((f"display[{i}].parameter", d.parameter) for i, d in enumerate(profile.display))
    yield from _monitored((f"band[{i}].parameter", b.parameter) for i, b in enumerate(profile.band))
    for i, display in enumerate(profile.display):
        if display.low >= display.high:
            yield f"display[{i}].low is {display.low:g}; allowed is less than high {display.high:g}"
        if (display.interval_s > 0) == (display.parameter in CUFF):
            yield f"display[{i}].interval_s is {display.interval_s:g}; allowed is above 0, or 0 for a cuff pressure"
    there = {display.parameter for display in profile.display}
    yield from (f"display has no entry for {p}; allowed is one for each parameter" for p in MONITORED if p not in there)


_ALWAYS = frozenset({"id", "label", "kind", "remedy"})
_NEEDS: dict[CriterionKind, tuple[frozenset[str], frozenset[str]]] = {
    CriterionKind.ELAPSED: (frozenset({"minutes"}), frozenset()),
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


def _criteria(profile: Profile) -> Iterator[str]:
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
    yield from _monitored([(f"{at}.parameter", c.parameter)])
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
    grades = [g.value for g in items[item].grades]
    if not any((low is None or g >= low) and (high is None or g <= high) for g in grades):
        yield f"{at}.{prefix}at_least and {prefix}at_most leave no grade of {item!r}; its grades are {grades}"


def _absent(at: str, c: Criterion, items: dict[str, ObservationItem]) -> Iterator[str]:
    if c.item not in items:
        yield f"{at}.item is {c.item!r}; allowed is the id of an observation"


_KINDS: dict[CriterionKind, Callable[[str, Criterion, dict[str, ObservationItem]], Iterator[str]]] = {
    CriterionKind.VITAL: _vital,
    CriterionKind.GRADE: _grade,
    CriterionKind.ABSENT: _absent,
}

_CHECKS: tuple[Callable[[Profile], Iterator[str]], ...] = (
    _names,
    _unique,
    _plan_and_order,
    _observations,
    _baseline,
    _schedule,
    _limits,
    _alarm,
    _display,
    _criteria,
    course,
)
