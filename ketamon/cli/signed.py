"""Whether somebody proved who they are before a console is shown. Apart, as the start screen must not wait for one."""

from contextvars import ContextVar

begins_locked = ContextVar("begins_locked", default=False)
"""Whether a console begins locked, in a clinic with PINs: it is behind a start screen at which nobody signed in."""
