"""What is asked in a session with a base and its modules, and what may be sent for it."""

from enum import StrEnum

from ketamon_drivers.base_primea.line import frame

BASE = "0"
MODULES = "123456789"
SUBSCRIBED = "dram"
PERIOD_S = 0.5
"""Between two questions; the known implementation asks every 0.15 s."""
ANSWER_S = 1.0
CONNECTING_S = 1.0
MOST_OWED = 3
"""More acknowledgements than this are never sent at once: nobody waits for them any more."""
TRIES = 3
"""So many questions in a row without an answer, and the session is opened anew."""

ERRORS = {
    "01": "unknown command", "02": "not in this mode", "03": "not in this status", "04": "syntax",
    "05": "mode not authorised", "06": "mode already active", "07": "mode change refused", "08": "out of range",
    "09": "refused by status", "0A": "identifier not used", "0B": "bad identifier", "0C": "message too long",
    "0D": "session with the base not open", "0E": "module cannot be reached", "12": "alarm present", "14": "no rate",
    "15": "insufficient volume", "16": "empty-syringe mode impossible", "1A": "bad event number",
    "1E": "session with the module not open", "1F": "not in manual mode", "20": "port not authorised",
    "22": "mode not authorised", "24": "connection mode", "25": "drug number",
}  # fmt: skip
BASE_LOST, MODULE_LOST = "0D", ("0E", "1E")


class Stage(StrEnum):
    """How far the session with the base or a module is."""

    CLOSED = "closed"
    OPEN = "open"
    SUBSCRIBED = "subscribed"


# What is asked in a stage, and the stage that an answer leads to; the base is asked which modules there are.
BASE_QUESTIONS = {Stage.CLOSED: "DC", Stage.OPEN: "LE;b"}
MODULE_QUESTIONS = {Stage.CLOSED: "DC", Stage.OPEN: f"DE;{SUBSCRIBED}", Stage.SUBSCRIBED: f"LE;{SUBSCRIBED}"}
AFTER = {"DC": Stage.OPEN, f"DE;{SUBSCRIBED}": Stage.SUBSCRIBED}


REQUESTS = {
    **{BASE + question: frame(BASE + question) for question in BASE_QUESTIONS.values()},
    **{module + question: frame(module + question) for module in MODULES for question in MODULE_QUESTIONS.values()},
}
EVENTS_TAKEN = {origin + kind: frame(origin + kind) for origin in ("", BASE, *MODULES) for kind in "EM"}
