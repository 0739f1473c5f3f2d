"""A table that is walked in one test: beside a cheap check, an item of its own for each row is what costs."""

import inspect
import reprlib
from collections.abc import Callable, Iterable, Sequence
from functools import wraps

import pytest

_LINES = 4
"""So much is said of each wrong row; the first one stands above it in full."""


def each_row(names: str | Sequence[str], table: Iterable, ids: Iterable[str] | Callable | None = None) -> Callable:
    """Run a test for every row, as `pytest.mark.parametrize` would, and name all rows that are wrong at once.

    The rows share the test's fixtures: what one row leaves behind, the next one finds.
    """
    wanted = [name.strip() for name in names.split(",")] if isinstance(names, str) else list(names)
    rows = [tuple(row) if len(wanted) > 1 else (row,) for row in table]
    named = ["-".join(map(str, map(ids, row))) for row in rows] if callable(ids) else list(ids or ())
    titles = [f"{n}: {title}" for n, title in enumerate(named or [_title(wanted, row) for row in rows])]

    def decorate(test: Callable) -> Callable:
        @wraps(test)
        def walk(**fixtures):
            wrong = {}
            for title, row in zip(titles, rows, strict=True):
                try:
                    test(**fixtures, **dict(zip(wanted, row, strict=True)))
                except BaseException as problem:
                    problem.add_note(f"row {title}")
                    if not isinstance(problem, Exception | pytest.fail.Exception):
                        raise
                    wrong[title] = problem
            if wrong:
                first, *_ = wrong.values()
                said = "\n".join(f"row {title}\n    {_short(problem)}" for title, problem in wrong.items())
                raise AssertionError(f"{len(wrong)} of {len(rows)} rows are wrong\n{said}") from first

        given = inspect.signature(test)
        assert set(wanted) <= set(given.parameters), f"{test.__name__} does not take {wanted}"
        assert rows, f"{test.__name__} has no rows"
        rest = [parameter for name, parameter in given.parameters.items() if name not in wanted]
        walk.__signature__ = given.replace(parameters=rest)
        return walk

    return decorate


def _title(names: Sequence[str], row: Sequence) -> str:
    return ", ".join(f"{name}={reprlib.repr(value)}" for name, value in zip(names, row, strict=True))


def _short(problem: BaseException) -> str:
    kind = "" if isinstance(problem, AssertionError) else f"{type(problem).__name__}: "
    return "\n    ".join(f"{kind}{problem}".splitlines()[:_LINES])
