"""Source to device in one read of the source: hashed on the way, written aside, synced, renamed, remembered."""

from tasks.media.copying.engine import Copied, copy

__all__ = ["Copied", "copy"]
