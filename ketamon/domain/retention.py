"""How long what is left of a session is kept."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRules:
    """How many days behind its end a session is kept, and its stream (the raw bytes of devices); 0 is for ever."""

    session_days: int = 0
    stream_days: int = 0
