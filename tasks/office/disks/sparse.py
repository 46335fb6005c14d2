"""Files of full length that hold only some of their bytes: a blob's share on one of several drives.

On Linux every file may have holes. On NTFS a file must be marked first, or writing far into it fills everything before
with zeros; that call was written from the documentation and has not been run on Windows yet.
"""

from __future__ import annotations

import os
from pathlib import Path

from tasks.media import platform_io

_FSCTL_SET_SPARSE = 0x000900C4


def make_room(place: Path, size_bytes: int) -> bool:
    """Create *place* with its length, marked sparse where that is needed; say whether it was not there before.

    A file that is there keeps its bytes and gets the length. Raises OSError.
    """
    fresh = not place.exists()
    if fresh:
        place.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(place, platform_io.READ_WRITE | os.O_CREAT, 0o644)
    try:
        if platform_io.WINDOWS:
            _mark_sparse(handle)
        os.ftruncate(handle, size_bytes)
        os.fsync(handle)
    finally:
        os.close(handle)
    if fresh:
        platform_io.sync_folder(str(place.parent))
    return fresh


def _mark_sparse(handle: int) -> None:
    """Ask NTFS to keep holes in this file. Raises OSError."""
    import ctypes
    import msvcrt

    returned = ctypes.c_uint32(0)
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    native = ctypes.c_void_p(msvcrt.get_osfhandle(handle))  # type: ignore[attr-defined]
    if not kernel.DeviceIoControl(native, _FSCTL_SET_SPARSE, None, 0, None, 0, ctypes.byref(returned), None):
        raise ctypes.WinError(ctypes.get_last_error())  # type: ignore[attr-defined]
