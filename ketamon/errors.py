"""What can go wrong for whoever uses ketamon, each with its exit code. Anything else that escapes is a bug of ours.

    KetamonError                 one clear sentence: the thing, and the remedy
    ├── UsageError         (2)   a wrong command, driver name, or configuration
    │   └── ProfileError   (2)   a profile, or the configuration, that says what it must not: file, line, key, value,
    │                            what is allowed
    ├── SourceError        (3)   a port, file or core that cannot be had: missing, busy, unplugged, foreign, newer
    ├── VerificationError  (4)   a record that is not what it was when it was written
    └── Refused            (2)   the core does not do what somebody asked, with the reason

Example scenarios: `ketamon decode masimo x.raw` with no such driver → UsageError; a serial port that another program
holds → SourceError; a session file with a flipped bit → VerificationError; signing while the gate is closed → Refused.
"""

from typing import ClassVar


class KetamonError(Exception):
    """The base of all of these; its text is shown to people as it is."""

    exit_code: ClassVar[int] = 1


class UsageError(KetamonError, ValueError):
    """What was asked makes no sense: a wrong name, a wrong option, a wrong setting."""

    exit_code = 2


class ProfileError(UsageError):
    """A profile, or the configuration, that cannot be used. `problems` holds one sentence each, with file and line."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SourceError(KetamonError, OSError):
    """A port, a file or a core that cannot be had."""

    exit_code = 3


class VerificationError(KetamonError):
    """A record that fails its own checks."""

    exit_code = 4


class Refused(KetamonError):  # noqa: N818 (it is an answer, not an accident)
    """The core refuses an intent and says why."""

    exit_code = 2
