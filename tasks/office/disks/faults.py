"""What can go wrong with the customer's own drives, as errors a person can act on. No secret has a field."""

from __future__ import annotations

from collections.abc import Sequence

from tasks.errors import SeedingError


class DriveRefused(SeedingError):
    """A drive may not be used as it is. `reasons` holds every objection, not the first."""

    code = "drive-refused"
    exit_code = 20

    def __init__(self, message: str, *, next: str = "", reasons: Sequence[str] = ()) -> None:
        super().__init__(message, next=next)
        self.reasons = tuple(reasons)


class DriveManifestExists(DriveRefused):
    """The drive carries the manifest of another session; writing to it would mix two seeds."""

    code = "drive-manifest-exists"


class SessionReused(SeedingError):
    """A session name stands for other contents already."""

    code = "session-reused"
    exit_code = 20


class StagingChanged(SeedingError):
    """The staging folder is not what it was when it was surveyed."""

    code = "staging-changed"
    exit_code = 4


class StagingRefused(SeedingError):
    """The staging folder holds what a drive or Azure would refuse. `reasons` holds everything found."""

    code = "staging-refused"
    exit_code = 4

    def __init__(self, message: str, *, next: str = "", reasons: Sequence[str] = ()) -> None:
        super().__init__(message, next=next)
        self.reasons = tuple(reasons)


class DoesNotFit(SeedingError):
    """The data has no room on the drives that are there."""

    code = "does-not-fit"
    exit_code = 4


class PrepJournalDamaged(SeedingError):
    """The preparation journal of a drive cannot be read to its end."""

    code = "prep-journal-damaged"


class ManifestRefused(SeedingError):
    """A drive manifest would not follow the documented schema."""

    code = "manifest-refused"


class DriveDiffers(SeedingError):
    """The bytes on a drive are not those of its manifest. `reasons` names each place."""

    code = "drive-differs"
    exit_code = 4

    def __init__(self, message: str, *, next: str = "", reasons: Sequence[str] = ()) -> None:
        super().__init__(message, next=next)
        self.reasons = tuple(reasons)


class KeyInvalid(SeedingError):
    """A BitLocker key has another form than 8 groups of 6 digits. The text itself is never repeated."""

    code = "bitlocker-key-invalid"
    exit_code = 2


class KeyMissing(SeedingError):
    """The place that should hold a drive's BitLocker key does not: such a drive cannot be read at the datacenter."""

    code = "bitlocker-key-missing"
    exit_code = 4


class BitLockerFailed(SeedingError):
    """BitLocker did not do what was asked."""

    code = "bitlocker-failed"
    exit_code = 4


class ToolRefused(SeedingError):
    """The disk preparation tool cannot be used like this, or stopped. `next` says what helps."""

    code = "disk-tool-stopped"
    exit_code = 4
