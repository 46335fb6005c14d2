"""What can go wrong in the world, in our words. One class per reaction, not one per vendor code.

`tasks/azure/errors.py` turns every vendor error into one of these. Only `Transient` is worth trying again at once.
"""

from __future__ import annotations


class SeedingError(Exception):
    """The root of everything this product raises on purpose.

    `code` names the catalogue row, `message` names the thing and the fact, `next` is the command or step that helps.
    """

    code = "failed"
    exit_code = 1

    def __init__(self, message: str, *, next: str = "", code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next = next
        self.code = code or type(self).code


class Transient(SeedingError):
    """The same call may succeed in a moment: throttled, timed out, a server fault, a lost connection."""

    code = "try-later"
    exit_code = 5

    def __init__(
        self,
        message: str,
        *,
        next: str = "",
        code: str = "",
        after_seconds: float | None = None,
        maybe_done: bool = True,
    ) -> None:
        super().__init__(message, next=next, code=code)
        self.after_seconds = after_seconds
        self.maybe_done = maybe_done  # False only when the service surely did not act: refused, throttled, never sent


class NotYet(SeedingError):
    """The world is not ready; looking again later is the right reaction (device secrets not made yet, say)."""

    code = "not-yet"
    exit_code = 5


class NotAllowed(SeedingError):
    """The credential or role does not permit the call. A person must mend it."""

    code = "not-allowed"


class NotFound(SeedingError):
    """The thing does not exist."""

    code = "not-found"


class AlreadyExists(SeedingError):
    """The name is taken. After a crash this usually means that our own call went through."""

    code = "already-exists"


class Rejected(SeedingError):
    """The service understood the call and refuses it for good."""

    code = "rejected"


class Overtaken(SeedingError):
    """Another worker wrote to this run's journal first. Read again, then decide again."""

    code = "overtaken"
    exit_code = 5


class InvalidInput(SeedingError):
    """What was given to us is wrong: an inventory, an answer, a name."""

    code = "invalid-input"
    exit_code = 2


class JournalDamaged(SeedingError):
    """A journal line does not fit its neighbours or cannot be read."""

    code = "journal-damaged"


class NotEncrypted(SeedingError):
    """An address that leaves this machine would be reached without TLS."""

    code = "not-encrypted"
    exit_code = 2


class ExportUnreadable(SeedingError):
    """The file is no custody export, or is cut short or stretched: its lines cannot be read as one."""

    code = "export-unreadable"


class ExportOtherKey(SeedingError):
    """The custody export says itself that another key signed it."""

    code = "export-other-key"


class ExportAltered(SeedingError):
    """The signature does not fit the export's bytes: somebody changed the file, or signed it with another key."""

    code = "export-altered"
