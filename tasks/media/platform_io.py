"""Where operating systems differ: cache-free I/O, syncing, volumes, locks, dying with a parent. Nothing else does.

Every function works everywhere: where a system has no such call, it does the nearest safe thing and says so.
Sizes and offsets are bytes.
"""

# Descriptors and text paths throughout: this is the layer below pathlib.
# ruff: noqa: PTH208

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ALIGNMENT = 4096
WINDOWS = os.name == "nt"
_BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_NOINHERIT", 0) | getattr(os, "O_CLOEXEC", 0)
_DIRECT = getattr(os, "O_DIRECT", 0)
READ = os.O_RDONLY | _BINARY
READ_SOURCE = READ | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
CREATE = os.O_RDWR | os.O_CREAT | os.O_TRUNC | _BINARY
READ_WRITE = os.O_RDWR | _BINARY

_NOT_DIRECT = {errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.EPERM, errno.EACCES}


def _c_library() -> Any:
    if WINDOWS:
        return None
    return ctypes.CDLL(None, use_errno=True)


_LIBC = _c_library()
HAS_SYNCFS = hasattr(_LIBC, "syncfs")


# -- buffers, reading and writing


def page_buffer(size_bytes: int) -> memoryview:
    """Return zeroed memory that starts on a page, as direct I/O needs it; write to it, reuse it."""
    return memoryview(mmap.mmap(-1, size_bytes))


def open_direct(path: str, flags: int) -> int | None:
    """Open *path* past the page cache; None where the file system or the system has no such way."""
    if not _DIRECT:
        return None
    try:
        return os.open(path, flags | _DIRECT)
    except OSError as error:
        if error.errno in _NOT_DIRECT:
            return None
        raise


def read_into(fd: int, piece: memoryview, offset: int, *, aligned: bool = False) -> int:
    """Fill *piece* from *offset*; return the bytes read: fewer at the end of the file, or, *aligned*, at odd places."""
    done = 0
    while done < len(piece):
        got = _read_some(fd, piece[done:], offset + done)
        done += got
        if not got or (aligned and got % ALIGNMENT):
            break
    return done


def write_all(fd: int, piece: memoryview, offset: int) -> None:
    """Write the whole of *piece* at *offset*; raise OSError when the device takes less."""
    done = 0
    while done < len(piece):
        put = _write_some(fd, piece[done:], offset + done)
        if not put:
            raise OSError(errno.EIO, "the device took no bytes")
        done += put


if WINDOWS:

    def _read_some(fd: int, piece: memoryview, offset: int) -> int:
        os.lseek(fd, offset, os.SEEK_SET)
        data = os.read(fd, len(piece))
        piece[: len(data)] = data
        return len(data)

    def _write_some(fd: int, piece: memoryview, offset: int) -> int:
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, piece)

else:

    def _read_some(fd: int, piece: memoryview, offset: int) -> int:
        return os.preadv(fd, [piece], offset)

    def _write_some(fd: int, piece: memoryview, offset: int) -> int:
        return os.pwrite(fd, piece, offset)


if hasattr(os, "posix_fadvise"):

    def will_need(fd: int) -> None:
        """Ask the system to start reading the file in the background."""
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_WILLNEED)

    def drop_cache(fd: int, offset: int = 0, length: int = 0) -> None:
        """Forget the clean cached pages of a file, where that can be asked for."""
        os.posix_fadvise(fd, offset, length, os.POSIX_FADV_DONTNEED)

else:

    def will_need(fd: int) -> None:
        """Do nothing: this system cannot be asked."""

    def drop_cache(fd: int, offset: int = 0, length: int = 0) -> None:
        """Do nothing: this system cannot be asked."""


def reserve(fd: int, size_bytes: int) -> None:
    """Reserve room for a file of *size_bytes*, so that a full device shows at once; raise OSError when it is full.

    File systems that cannot reserve are left alone: the C library would write every block to pretend.
    """
    if not size_bytes or not hasattr(_LIBC, "fallocate64"):
        return
    if _LIBC.fallocate64(fd, 0, ctypes.c_int64(0), ctypes.c_int64(size_bytes)):
        code = ctypes.get_errno()
        if code in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG):
            raise OSError(code, os.strerror(code))


_UTIME_TAKES_FD = os.utime in os.supports_fd


def set_times(fd: int, path: str | bytes, accessed_ns: int, modified_ns: int) -> None:
    """Set a file's times, by descriptor where the system can."""
    os.utime(fd if _UTIME_TAKES_FD else path, ns=(accessed_ns, modified_ns))


# -- making things durable


def sync_data(fd: int) -> None:
    """Return when the written bytes of the file, and what is needed to find them, are on the device."""
    getattr(os, "fdatasync", os.fsync)(fd)


def sync_volume(path: str) -> None:
    """Return when everything written to the volume of *path* is on the device; raise OSError when that failed."""
    if not HAS_SYNCFS:
        if hasattr(os, "sync"):
            os.sync()
        return
    fd = os.open(path, READ)
    try:
        if _LIBC.syncfs(fd):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(fd)


def sync_folder(path: str) -> None:
    """Return when the names in a folder are on the device (Windows keeps them itself)."""
    if WINDOWS:
        return
    fd = os.open(path, READ)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


# -- volumes


@dataclass(frozen=True, slots=True)
class Volume:
    """A mounted file system: what names it across remounts (empty when nothing does), and where it is mounted."""

    identity: str
    root: Path


NO_IDENTITY = "local"


def volume_of(path: Path) -> Volume:
    """Return the volume that holds *path*, or its nearest existing parent."""
    place = Path.cwd() / path
    while not place.exists() and place != place.parent:
        place = place.parent
    place = place.resolve()
    device = place.stat().st_dev
    identity = f"{device:x}" if WINDOWS else _file_system_id(place)
    while place != place.parent and place.parent.stat().st_dev == device:
        place = place.parent
    return Volume(identity, place)


@dataclass(frozen=True, slots=True)
class Traits:
    """What a file system can do: `direct` past the page cache for real, `sync_all` in one call, `reserve` room."""

    kind: str
    direct: bool
    sync_all: bool
    reserve: bool


_IN_MEMORY = {"tmpfs", "ramfs"}
_LOCAL = {"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "ntfs3", "exfat", "vfat", "overlay", *_IN_MEMORY}


def traits_of(path: Path) -> Traits:
    """Return the traits of the file system that holds *path*, which exists."""
    if sys.platform != "linux":
        return Traits("", bool(_DIRECT), False, False)
    kind = _mounted_as(path.stat().st_dev)
    return Traits(kind, kind not in _IN_MEMORY, HAS_SYNCFS and kind in _LOCAL, kind not in _IN_MEMORY)


def _mounted_as(device: int) -> str:
    number = f"{os.major(device)}:{os.minor(device)}"
    with Path("/proc/self/mountinfo").open() as mounts:
        for line in mounts:
            left, _, right = line.partition(" - ")
            if left.split()[2] == number:
                return right.split()[0]
    return ""


def _file_system_id(place: Path) -> str:
    number = os.statvfs(place).f_fsid & 0xFFFFFFFFFFFFFFFF
    return f"{number:016x}" if number else ""


def free_bytes(path: Path) -> int:
    """Return the bytes this account may still write to the volume of *path*."""
    if WINDOWS:
        import shutil

        return shutil.disk_usage(path).free
    info = os.statvfs(path)
    return info.f_bavail * info.f_frsize


# -- one at a time


class Lock:
    """An exclusive lock on a file, given back when the process ends however it ends. Children inherit it on POSIX."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)

    def take(self, patience_seconds: float = 0.0, dying_seconds: float = 60.0) -> bool:
        """Take the lock; False when another process holds it for longer than we wait.

        When the holder was killed, its worker processes may still be on their way out, waiting for a slow disk:
        then we wait up to *dying_seconds*.
        """
        began = time.monotonic()
        while not self._try():
            if time.monotonic() - began >= (dying_seconds if self._holder_is_dead() else patience_seconds):
                return False
            time.sleep(0.02)
        if not WINDOWS:
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, str(os.getpid()).encode(), 0)
        return True

    def _holder_is_dead(self) -> bool:
        if WINDOWS:
            return False
        holder = os.pread(self._fd, 20, 0)
        if not holder.isdigit():
            return False
        try:
            os.kill(int(holder), 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False

    def _try(self) -> bool:
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(self._fd, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._fd)


def die_with_parent() -> None:
    """Arrange that this process is killed when its parent is (Linux; elsewhere its closed pipe ends it)."""
    if sys.platform == "linux" and _LIBC is not None:
        pr_set_pdeathsig = 1
        _LIBC.prctl(pr_set_pdeathsig, signal.SIGKILL)


def may_fork() -> bool:
    """Say whether forking is safe: Linux, and this process has but one thread, native ones counted."""
    try:
        return sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    except OSError:
        return False
