"""Events to store: any event at all (`any_event`), and plain ones with a number."""

import types
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import reject
from hypothesis import strategies as st

from ketamon.domain.events import TYPES, Event, Measured, Noted, Signed, Unknown
from ketamon.domain.instant import Instant
from ketamon.domain.parameters import Parameter
from ketamon.domain.people import Meaning, Person, Role
from ketamon.domain.readings import Quality, Reading
from ketamon.domain.units import Unit
from ketamon.store.writer import Limits
from ketamon.stream.record import Header

START = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
QUICK = Limits(group_s=0.001, retry_s=(0.001,))
HEADER = Header(START, {})
NURSE = Person("A. N.", Role.NURSE)
INT64 = st.integers(-(2**63), 2**63 - 1)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(max_size=20),
    int: INT64,
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    type(None): st.none(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """Anything of a type, with the invariants of the domain's dataclasses kept."""
    origin, args = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin in {Union, types.UnionType}:
        return st.one_of([any_of(arg) for arg in args])
    if origin is tuple:
        return st.lists(any_of(args[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(any_of(args[0]), any_of(args[1]), max_size=3)
    if is_dataclass(hint):
        hints = get_type_hints(hint)
        return st.fixed_dictionaries({f.name: any_of(hints[f.name]) for f in fields(hint)}).map(
            lambda values: _made(hint, values)
        )
    assert issubclass(hint, Enum), hint
    return st.sampled_from(hint)


def _made(kind: type, values: dict[str, Any]) -> Any:
    try:
        return kind(**values)
    except ValueError:
        reject()


any_body = {name: any_of(kind) for name, kind in TYPES.items()} | {
    "from the future": st.builds(
        Unknown, type=st.just("dreamt"), version=st.integers(1, 9), body=st.just('{"of":"sheep"}')
    )
}
any_instant = st.builds(Instant, INT64, PLAIN[datetime])


def at(seq: int) -> Instant:
    return Instant(seq * 10**9, START + timedelta(seconds=seq))


def noted(seq: int) -> Event:
    return Event(seq, at(seq), Noted(text=f"note {seq}", by=NURSE))


def measured(seq: int) -> Event:
    reading = Reading(parameter=Parameter.SPO2, value=90.0 + seq % 10, unit=Unit.PERCENT, quality=Quality.VALID)
    return Event(seq, at(seq), Measured(device="monitor", offset=seq, readings=(reading,)))


def event(seq: int) -> Event:
    """Give the event that stands at a number in the records of children: every third is a note."""
    return noted(seq) if seq % 3 == 0 else measured(seq)


def signed(seq: int, covers: str) -> Event:
    return Event(seq, at(seq), Signed(meaning=Meaning.ASSESSMENT, by=NURSE, covers=covers))
