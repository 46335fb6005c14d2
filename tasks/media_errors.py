"""The media engine's errors in our words. The engine knows nothing of runs, so the translation stands out here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tasks import media
from tasks.errors import NotYet, SeedingError


class DeviceNotUsable(SeedingError):
    """The device is not where it should be, or cannot be used there."""

    code = "device-not-usable"


class SourceNotReadable(SeedingError):
    """The data to be seeded cannot be read."""

    code = "source-not-readable"


class DeviceDiffers(SeedingError):
    """The device was written to after it had been sealed."""

    code = "device-differs"


_OURS: dict[type[media.MediaError], type[SeedingError]] = {
    media.SourceChanged: SourceNotReadable,
    media.SourceUnreadable: SourceNotReadable,
    media.SourceMissing: SourceNotReadable,
    media.SealedThenChanged: DeviceDiffers,
    media.StillWritten: DeviceDiffers,
    media.StrayFile: DeviceDiffers,
    media.DeviceBusy: NotYet,
    media.ManifestInvalid: SeedingError,
    media.NotSealed: SeedingError,
}


@contextmanager
def on_media() -> Iterator[None]:
    """Turn the media engine's errors into ours; what is not the source's or the seal's fault is the device's."""
    try:
        yield
    except media.MediaError as wrong:
        raise _OURS.get(type(wrong), DeviceNotUsable)(wrong.message, next=wrong.next) from wrong
