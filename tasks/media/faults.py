"""Everything that can go wrong between a source, a device and a manifest, as exceptions a person can act on.

Each names the thing, the fact and the next step; the class owns the code, the exit code.
Nothing here touches a disk.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence


class MediaError(Exception):
    """A fault of the media engine.

    `code` is for programs, `message` and `next` are for people, `paths` names the files it is about;
    `exit_code` is 4 when a person must act at the device, else 1.
    """

    code = "media-error"
    exit_code = 1
    remedy = "read the message, mend the cause, and start the same command again"

    def __init__(self, message: str, *, next_step: str | None = None, paths: Sequence[str] = ()) -> None:
        self.message = message
        self.next = next_step or self.remedy
        self.paths = tuple(paths)
        super().__init__(f"{message}; {self.next}")

    def __reduce__(self) -> tuple[object, ...]:
        """Travel between processes whole."""
        return _rebuilt, (type(self), self.message, self.next, self.paths)


def _rebuilt(kind: type[MediaError], message: str, next_step: str, paths: tuple[str, ...]) -> MediaError:
    return kind(message, next_step=next_step, paths=paths)


class SourceChanged(MediaError):
    """Files of the source were written to, replaced or removed while they were being copied."""

    code = "source-changed"
    remedy = "stop whatever writes to the source, then copy again: only these files are read again"


class SourceUnreadable(MediaError):
    """Files or folders of the source cannot be read."""

    code = "source-unreadable"
    remedy = "give this account the right to read them, then copy again: nothing else is read again"


class SourceMissing(MediaError):
    """The source folder is not there."""

    code = "source-missing"
    exit_code = 4
    remedy = "check the path and that the volume of the source is mounted"


class DeviceFull(MediaError):
    """The device has no room left. Nothing that was copied is lost."""

    code = "device-full"
    exit_code = 4
    remedy = "free space on the device or plan fewer items on it, then copy again: it goes on where it stopped"


class DeviceGone(MediaError):
    """The device was there and is not any more."""

    code = "device-gone"
    exit_code = 4
    remedy = "connect and unlock the device again, then start the same command: it goes on where it stopped"


class DeviceReadOnly(MediaError):
    """The device accepts no writes."""

    code = "device-read-only"
    exit_code = 4
    remedy = "unlock the device for writing (some systems turn it read-only after an I/O error: check it first)"


class DeviceIOError(MediaError):
    """The device, or the way to it, answered with an I/O error."""

    code = "device-io-error"
    exit_code = 4
    remedy = "check cable and device; if it comes back the device is failing: replace it"


class WrongDevice(MediaError):
    """Another device is where the one of this copy is expected."""

    code = "wrong-device"
    exit_code = 4
    remedy = "connect the device this copy began on, or give a new state directory to begin again on this one"


class DeviceBusy(MediaError):
    """Another copy is using the same state directory."""

    code = "device-busy"
    remedy = "wait for the other copy to end, or stop it"


class StateInvalid(MediaError):
    """The state directory is inside the data, of another version, or damaged."""

    code = "state-invalid"
    remedy = "give a state directory outside the source and outside the folder that is shipped"


class ManifestInvalid(MediaError):
    """A manifest, or a vendor's log, that cannot be read to its last byte."""

    code = "manifest-invalid"
    remedy = "get the file again from where it was made, or seal again"


class NotSealed(MediaError):
    """There is no manifest, or the copy it should close is not finished."""

    code = "not-sealed"
    remedy = "run `seeding copy` to its end, then `seeding seal`"


class SealedThenChanged(MediaError):
    """A device that had been sealed was written to afterwards."""

    code = "sealed-then-changed"
    exit_code = 4
    remedy = "find out who wrote to the device; to ship it as it is now, reopen the run and seal again"


class StillWritten(MediaError):
    """Somebody writes to the device while it is being sealed."""

    code = "still-written"
    remedy = "wait until the backup agent has finished, then seal again"


class StrayFile(MediaError):
    """The device holds links, special files or leftovers that must not be shipped."""

    code = "stray-file"
    remedy = "remove them from the device, then seal again"


class SeedDoesNotFit(MediaError):
    """The items do not fit on the drives that are there."""

    code = "does-not-fit"
    exit_code = 4
    remedy = "add drives, or move items to another run"


_FULL = {errno.ENOSPC, errno.EDQUOT} if hasattr(errno, "EDQUOT") else {errno.ENOSPC}
_GONE = {
    getattr(errno, name)
    for name in ("ENODEV", "ENXIO", "ESTALE", "ENOTCONN", "ESHUTDOWN", "EHOSTDOWN", "ENOMEDIUM")
    if hasattr(errno, name)
}
_WINDOWS_GONE = {21, 31, 55, 64, 433, 1167}
_WINDOWS_READ_ONLY = {19}


def device_fault(error: OSError, what: str) -> MediaError:
    """Return the fault that an operating-system error while writing to or reading from the device means.

    *what* says in words what was being done, with the path. The error's own words are kept in the message.
    """
    fact = f"{what}: {error.strerror or error}"
    windows = getattr(error, "winerror", None)
    if error.errno in _FULL:
        return DeviceFull(fact)
    if error.errno == errno.EROFS or windows in _WINDOWS_READ_ONLY:
        return DeviceReadOnly(fact)
    if error.errno in _GONE or windows in _WINDOWS_GONE:
        return DeviceGone(fact)
    return DeviceIOError(fact)
