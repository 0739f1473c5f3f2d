"""Finds drivers through the entry-point group `ketamon.drivers`; built-in ones use the same door as strangers.

An entry point's name is the driver's id, its value a module-level `DriverSpec`. `names` reads metadata only and
imports no driver. Two distributions that offer one name are both refused until one writes `distribution:name`.
Behind a "+" stands the variant of the device ("nonin+ascii"), for those who want to tell rather than have it found.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from importlib.metadata import EntryPoint, entry_points

from ketamon.driver import DriverSpec
from ketamon.errors import UsageError

GROUP = "ketamon.drivers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One driver that is installed. `reason` says why it cannot be used (`spec` is None), or only by this long id."""

    id: str
    distribution: str
    version: str
    spec: DriverSpec | None
    reason: str = ""

    @property
    def available(self) -> bool:
        """Whether it can be used."""
        return self.spec is not None


def names() -> tuple[str, ...]:
    """Return what may be given to `load`, sorted; `distribution:name` where a plain name is ambiguous."""
    return tuple(sorted(_by_name()))


def load(name: str) -> DriverSpec:
    """Return the driver of that name, or the variant of it. Raises `UsageError` where it cannot be used."""
    name, plus, wanted = name.partition("+")
    found = _by_name()
    point = found.get(name) or {_qualified(p): p for p in found.values()}.get(name)
    if point is None:
        raise UsageError(f'there is no driver "{name}"; {_advice(name, sorted(found))}')
    loaded = _load(point)
    if isinstance(loaded, str):
        raise UsageError(f'driver "{name}" of {_distribution(point)} cannot be used: {loaded}')
    return _variant(loaded, wanted) if plus else _not_off(loaded)


def _not_off(spec: DriverSpec) -> DriverSpec:
    if spec.off_because:
        ids = " or ".join(f"{spec.id}+{variant.name}" for variant in spec.variants)
        raise UsageError(f"{spec.id} is off by default: {spec.off_because}; write {ids} to use it all the same")
    return spec


def detectable() -> list[DriverSpec]:
    """Return every driver that may be looked for, families first, then their variants; none that is off by default."""
    families = [row.spec for row in _rows() if row.spec is not None and not row.reason and not row.spec.off_because]
    return families + [_variant(family, variant.name) for family in families for variant in family.variants]


def _variant(spec: DriverSpec, wanted: str) -> DriverSpec:
    """The driver as one of its variants; it keeps that name, so that a recording is read as it was made."""
    for variant in spec.variants:
        if variant.name == wanted:
            return replace(
                spec,
                id=f"{spec.id}+{wanted}",
                line=variant.line,
                make=variant.make,
                simulate=variant.simulate,
                probe=variant.probe or spec.probe,
                off_because="",
            )
    known = ", ".join(variant.name for variant in spec.variants) or "none"
    raise UsageError(f'{spec.id} has no variant "{wanted}"; it has: {known}')


def rows() -> tuple[Row, ...]:
    """Return every installed driver, sorted by name. A plug-in that cannot be used is a row with its reason."""
    return tuple(_rows())


def _rows() -> Iterator[Row]:
    for name, point in sorted(_by_name().items()):
        loaded = _load(point)
        reason, spec = (loaded, None) if isinstance(loaded, str) else ("", loaded)
        if name != point.name and spec is not None:
            reason = f'several distributions offer "{point.name}"; write {name}'
        version = point.dist.version if point.dist else ""
        yield Row(id=name, distribution=_distribution(point), version=version, spec=spec, reason=reason)


def _by_name() -> dict[str, EntryPoint]:
    """Every entry point by the shortest name that says it without doubt."""
    points = sorted(entry_points(group=GROUP), key=_qualified)
    plain = [point.name for point in points]
    return {point.name if plain.count(point.name) == 1 else _qualified(point): point for point in points}


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "?"


def _qualified(point: EntryPoint) -> str:
    return f"{_distribution(point)}:{point.name}"


def _load(point: EntryPoint) -> DriverSpec | str:
    """Import a driver; the reason (a str) where that fails."""
    try:
        spec = point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 (a stranger's module can fail in any way; others must go on)
        return f"{type(error).__name__}: {error}"
    if not isinstance(spec, DriverSpec):
        return f"{point.value} is no DriverSpec"
    return spec if spec.id == point.name else f'it calls itself "{spec.id}"'


def _advice(name: str, known: list[str]) -> str:
    ambiguous = [k for k in known if k.endswith(f":{name}")]
    if ambiguous:
        return f"several distributions offer it, write {' or '.join(ambiguous)}"
    near = [k for k in known if name and name.lower() in k] or get_close_matches(name.lower(), known)
    if near:
        return f"did you mean {' or '.join(near)}?"
    return f"there are {', '.join(known)}" if known else "none is installed"
