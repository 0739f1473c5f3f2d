"""What a profile must not say beyond what the types of its fields refuse: each check gives one sentence per problem."""

from collections.abc import Callable, Iterable, Iterator

from ketamon.domain.parameters import CUFF, Parameter
from ketamon.domain.people import Role
from ketamon.domain.profile import WATCHED_ANYWAY, Answer, Limit, ObservationItem, Profile, ScreeningItem, Watch
from ketamon.profiles.course import course
from ketamon.profiles.criteria import MONITORED, criteria, monitored

LONGEST_AUDIO_PAUSE_S = 120.0
"""No profile may silence alarms for longer: there is no indefinite all-off."""

FEWEST_PIN_DIGITS = 6


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


def _indications(profile: Profile) -> Iterator[str]:
    for i, indication in enumerate(profile.indication):
        for key in ("id", "label"):
            if not getattr(indication, key).strip():
                yield f"indication[{i}].{key} is empty; allowed is any text"


def _unique(profile: Profile) -> Iterator[str]:
    yield from _twice("observation", "id", (o.id for o in profile.observation))
    yield from _twice("observation", "key", (o.key for o in profile.observation))
    yield from _twice("limit", "id", (x.id for x in profile.limit))
    yield from _twice("criterion", "id", (c.id for c in profile.criterion))
    yield from _twice("display", "parameter", (d.parameter for d in profile.display))
    yield from _twice("band", "parameter", (b.parameter for b in profile.band))
    yield from _twice("watch", "of", (w.of for w in profile.watch))
    yield from _twice("source", "parameter", (s.parameter for s in profile.source))
    yield from _twice("indication", "id", (x.id for x in profile.indication))
    yield from _twice("screening", "id", (s.id for s in profile.screening))
    yield from _twice("staff", "role", (s.role for s in profile.staff))
    yield from _twice("rescue", "id", (r.id for r in profile.rescue))
    yield from _twice("rescue", "key", (r.key for r in profile.rescue))


def _twice(table: str, key: str, values: Iterable[str]) -> Iterator[str]:
    seen: dict[str, int] = {}
    for i, value in enumerate(values):
        first = seen.setdefault(str(value), i)
        if first != i:
            yield f"{table}[{i}].{key} is {str(value)!r}, as in {table}[{first}]; allowed is once"


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
        yield from _scale(at, item)
        if item.followed_by and item.followed_by not in {o.id for o in profile.observation}:
            yield f"{at}.followed_by is {item.followed_by!r}; allowed is the id of an observation"
        keys = [(f"{at}.key", item.key), *((f"{at}.grades[{j}].key", g.key) for j, g in enumerate(item.grades))]
        yield from (f"{key} is {value!r}; allowed is one printable character" for key, value in keys if not _key(value))
        yield from _twice(f"{at}.grades", "key", (g.key for g in item.grades))
        yield from _twice(f"{at}.grades", "value", (str(g.value) for g in item.grades))


def _scale(at: str, item: ObservationItem) -> Iterator[str]:
    """An item has grades, each with its key, or a range in which its number is typed."""
    bounds = (item.lowest, item.highest)
    if item.grades:
        yield from (
            f"{at}.{key} stands beside grades; allowed is a range or grades"
            for key, bound in zip(("lowest", "highest"), bounds, strict=True)
            if bound is not None
        )
    elif bounds == (None, None):
        yield f"{at}.grades is empty; allowed is one grade or more, or lowest and highest"
    elif item.lowest is None or item.highest is None:
        yield f"{at} has one of lowest and highest; allowed is both"
    elif item.lowest >= item.highest:
        yield f"{at}.lowest is {item.lowest}; allowed is less than highest {item.highest}"


def _key(value: str) -> bool:
    return len(value) == 1 and value.isprintable() and value != " "


def _baseline(profile: Profile) -> Iterator[str]:
    items = {o.id for o in profile.observation}
    for i, item in enumerate(profile.baseline.observations):
        if item not in items:
            yield f"baseline.observations[{i}] is {item!r}; allowed is the id of an observation"
    yield from monitored((f"baseline.parameters[{i}]", p) for i, p in enumerate(profile.baseline.parameters))
    if not profile.baseline.within_minutes > 0:
        yield "baseline.within_minutes is 0; allowed is a number above 0"


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
    yield from monitored((f"limit[{i}].parameter", x.parameter) for i, x in enumerate(profile.limit))
    for i, limit in enumerate(profile.limit):
        yield from _limit(f"limit[{i}]", limit)
    for parameter in MONITORED:
        of = [(i, x) for i, x in enumerate(profile.limit) if x.parameter is parameter]
        lows = [(x.below + x.hysteresis, i) for i, x in of if x.below is not None]
        highs = [(x.above - x.hysteresis, i) for i, x in of if x.above is not None]
        if lows and highs and max(lows)[0] >= min(highs)[0]:
            low, high = max(lows)[1], min(highs)[1]
            yield (
                f"limit[{low}].below is {profile.limit[low].below:g} and, with its hysteresis, reaches above of "
                f"limit[{high}], for {parameter}; allowed is room between them"
            )


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
    yield from monitored((f"display[{i}].parameter", d.parameter) for i, d in enumerate(profile.display))
    yield from monitored((f"band[{i}].parameter", b.parameter) for i, b in enumerate(profile.band))
    for i, display in enumerate(profile.display):
        if display.low >= display.high:
            yield f"display[{i}].low is {display.low:g}; allowed is less than high {display.high:g}"
        if (display.interval_s > 0) == (display.parameter in CUFF):
            yield f"display[{i}].interval_s is {display.interval_s:g}; allowed is above 0, or 0 for a cuff pressure"
    there = {display.parameter for display in profile.display}
    yield from (f"display has no entry for {p}; allowed is one for each parameter" for p in MONITORED if p not in there)


def _screening(profile: Profile) -> Iterator[str]:
    for i, item in enumerate(profile.screening):
        at = f"screening[{i}]"
        yield from (
            f"{at}.{key} is empty; allowed is any text" for key in ("id", "question") if not getattr(item, key).strip()
        )
        yield from _holds(at, item)


def _holds(at: str, item: ScreeningItem) -> Iterator[str]:
    if item.answer is not Answer.DRUG:
        yield from (
            f"{at}.{key} means nothing for the answer {item.answer}; allowed is only for {Answer.DRUG}"
            for key in ("hold_before_hours", "hold_after_hours")
            if getattr(item, key) is not None
        )
    if item.hold_before_hours is not None and not 0 < item.hold_before_hours[0] <= item.hold_before_hours[1]:
        low, high = item.hold_before_hours
        yield f"{at}.hold_before_hours is [{low:g}, {high:g}]; allowed is a number above 0, then one not lower"
    if item.hold_after_hours == 0:
        yield f"{at}.hold_after_hours is 0; allowed is a number above 0"


def _emergency(profile: Profile) -> Iterator[str]:
    """Check who must be there, and the emergency list."""
    for i, rule in enumerate(profile.staff):
        if not rule.phases:
            yield f"staff[{i}].phases is empty; allowed is one phase or more"
    for i, item in enumerate(profile.rescue):
        yield from (
            f"rescue[{i}].{k} is empty; allowed is any text" for k in ("id", "label") if not getattr(item, k).strip()
        )
        if not _key(item.key):
            yield f"rescue[{i}].key is {item.key!r}; allowed is one printable character"


def _people(profile: Profile) -> Iterator[str]:
    """Check PINs, and who signs."""
    people = profile.people
    if people.pin_digits < FEWEST_PIN_DIGITS:
        yield f"people.pin_digits is {people.pin_digits}; allowed is {FEWEST_PIN_DIGITS} or more"
    if people.attempts < 1:
        yield f"people.attempts is {people.attempts}; allowed is 1 or more"
    for key in ("lock_minutes", "idle_lock_minutes"):
        if not getattr(people, key) > 0:
            yield f"people.{key} is 0; allowed is a number above 0"
    for key in ("assessment_by", "discharge_by", "override_by", "override_second_by"):
        roles = getattr(profile.gate, key)
        if not roles or Role.OBSERVER in roles:
            yield f"gate.{key} is {[r.value for r in roles]}; allowed is one role or more, none of them observer"


def _retention(profile: Profile) -> Iterator[str]:
    rules = profile.retention
    for key in ("session_days", "stream_days"):
        if getattr(rules, key) < 0:
            yield f"retention.{key} is {getattr(rules, key)}; allowed is a whole number of days, or 0 for ever"


_CHECKS: tuple[Callable[[Profile], Iterator[str]], ...] = (
    _names,
    _unique,
    _indications,
    _plan_and_order,
    _observations,
    _baseline,
    _schedule,
    _limits,
    _alarm,
    _display,
    _screening,
    _emergency,
    _people,
    _retention,
    criteria,
    course,
)
