"""One large file read, or written, past the page cache where that works, in buffered slices where it does not."""

from __future__ import annotations

import errno
import os

from tasks.media import platform_io

_SLICE = 256 << 10


class Reader:
    """A source file. Never written to, a link in its place is never followed; `direct` says how it is read."""

    def __init__(self, path: str, *, direct: bool) -> None:
        self._plain = os.open(path, platform_io.READ_SOURCE)
        self.info = os.fstat(self._plain)
        self._fd = platform_io.open_direct(path, platform_io.READ_SOURCE) if direct else None
        if self._fd is not None and os.fstat(self._fd).st_ino != self.info.st_ino:
            self._drop_direct()

    @property
    def direct(self) -> bool:
        """Say whether the page cache is passed by."""
        return self._fd is not None

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill *buffer* from *offset*; return the bytes read, fewer only at the end of the file."""
        got = 0
        if self._fd is not None:
            try:
                got = platform_io.read_into(self._fd, buffer, offset, aligned=True)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                self._drop_direct()
        if got == len(buffer) or offset + got >= self.info.st_size:
            return got
        rest = platform_io.read_into(self._plain, buffer[got:], offset + got)
        platform_io.drop_cache(self._plain, offset + got, rest)
        return got + rest

    def now(self) -> os.stat_result:
        """Look at the file again."""
        return os.fstat(self._plain)

    def _drop_direct(self) -> None:
        assert self._fd is not None
        os.close(self._fd)
        self._fd = None

    def close(self) -> None:
        """Close the file."""
        if self._fd is not None:
            os.close(self._fd)
        os.close(self._plain)


class Writer:
    """A file on the device under its partial name, kept up to *keep_bytes*, the rest forgotten."""

    def __init__(self, path: str, *, size: int, keep_bytes: int, direct: bool, reserve: bool) -> None:
        self._path, self._size = path, size
        self._plain = os.open(path, platform_io.READ_WRITE | os.O_CREAT, 0o644)
        os.ftruncate(self._plain, keep_bytes)
        if reserve:
            platform_io.reserve(self._plain, size)
        self._fd = platform_io.open_direct(path, platform_io.READ_WRITE) if direct else None

    @property
    def direct(self) -> bool:
        """Say whether the page cache is passed by."""
        return self._fd is not None

    def write(self, buffer: memoryview, length: int, offset: int) -> None:
        """Write the first *length* bytes of *buffer* at *offset*. Direct writes are padded; `finish` cuts them."""
        if self._fd is not None:
            padded = -(-length // platform_io.ALIGNMENT) * platform_io.ALIGNMENT
            try:
                platform_io.write_all(self._fd, buffer[:padded], offset)
                return
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                os.close(self._fd)
                self._fd = None
        for at in range(0, length, _SLICE):
            platform_io.write_all(self._plain, buffer[at : min(at + _SLICE, length)], offset + at)

    def sync(self) -> None:
        """Return when everything written so far is on the device."""
        platform_io.sync_data(self._plain)
        if self._fd is None:
            platform_io.drop_cache(self._plain)

    def finish(self, source: os.stat_result) -> None:
        """Cut to size, set the times of *source*, sync."""
        os.ftruncate(self._plain, self._size)
        platform_io.set_times(self._plain, self._path, source.st_atime_ns, source.st_mtime_ns)
        os.fsync(self._plain)

    def close(self) -> None:
        """Close the file."""
        if self._fd is not None:
            os.close(self._fd)
        os.close(self._plain)
