"""What a bug leaves behind: where it happened, and never what it was handling.

A message, a local variable or a memory image may hold a patient's name. So a report has the places and the kind of the
error only, and the system is told to keep no image of a process that dies.
"""

import asyncio
import sys
import threading
import traceback
from contextlib import suppress
from typing import Any


def report(error: BaseException) -> str:
    """Return the places an error came through, outermost first, and its kind; each cause before what it caused."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = f"{report(cause)}\nwhich led to:\n" if cause else ""
    places = [
        f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    return before + "\n".join(
        [*places, f"{type(error).__qualname__} (what it said is left out: it may name a patient)"]
    )


def keep_quiet() -> None:
    """Have every bug of this process told so, of whatever thread, and no memory image kept."""
    sys.excepthook = lambda _kind, error, _at: _tell(error)
    threading.excepthook = lambda args: _tell(args.exc_value)
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 (not on Windows)

        # One byte and not none: Linux hands an image to a collecting program at 0, too, and at 1 to nobody (core(5)).
        resource.setrlimit(resource.RLIMIT_CORE, (1, 1))


def keep_tasks_quiet(loop: asyncio.AbstractEventLoop) -> None:
    """The same for tasks that nobody waits for."""

    def handle(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        _tell(error if isinstance(error, BaseException) else None)

    loop.set_exception_handler(handle)


def _tell(error: BaseException | None) -> None:
    if sys.stderr is not None:
        sys.stderr.write((report(error) if error else "something went wrong in the background") + "\n")
