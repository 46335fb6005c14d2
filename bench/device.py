"""A device to copy to: a fresh ext4 on a loop device where this account may make one, else a plain folder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_RESET = """#!/bin/sh
umount {mount} 2>/dev/null
mkfs.ext4 -q -F -E nodiscard,lazy_itable_init=0 -i 16384 {loop} && mount {loop} {mount} && mkdir {mount}/d
"""


@contextmanager
def loop_device(work: Path, size_bytes: int) -> Iterator[tuple[Path, Path] | None]:
    """Yield (mount point, reset command) of a device in a file under *work*; None where that cannot be had."""
    image, mount, reset = work / "device.img", work / "device", work / "reset.sh"
    loop = _attached(image, size_bytes)
    if loop is None:
        yield None
        return
    try:
        mount.mkdir(exist_ok=True)
        reset.write_text(_RESET.format(loop=loop, mount=mount))
        reset.chmod(0o755)
        subprocess.run([str(reset)], check=True)
        yield mount, reset
    finally:
        subprocess.run(["umount", str(mount)], check=False)
        subprocess.run(["losetup", "-d", loop], check=False)
        image.unlink(missing_ok=True)


def _attached(image: Path, size_bytes: int) -> str | None:
    """Write an image in full, so that no run pays for its blocks, and attach it past the page cache."""
    if os.name != "posix" or os.geteuid() != 0:
        return None
    blocks = str(-(-size_bytes // (4 << 20)))
    try:
        subprocess.run(["dd", "if=/dev/zero", f"of={image}", "bs=4M", f"count={blocks}", "status=none"], check=True)
        words = ["losetup", "--direct-io=on", "-f", "--show", str(image)]
        done = subprocess.run(words, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError):
        image.unlink(missing_ok=True)
        return None
    return done.stdout.strip()
