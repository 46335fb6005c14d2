"""One copy with its manifest, or one verification, as a process of its own for a benchmark to time.

python -m bench.once copy SOURCE TARGET MANIFEST STATE [--no-md5] [--no-seal] [--no-checkpoints]
python -m bench.once verify TARGET MANIFEST
"""

from __future__ import annotations

import sys
from pathlib import Path

from tasks.media import Header, MediaError, copy, seal, verify
from tasks.media.copying.large import CHECKPOINT_BYTES


def main(words: list[str]) -> int:
    """Do it; return 0, or 1 with the reason on stderr."""
    flags = {word for word in words if word.startswith("--")}
    command, *places = [Path(word) for word in words if word not in flags]
    try:
        return _verify(*places) if str(command) == "verify" else _copy(flags, *places)
    except MediaError as error:
        print(error, file=sys.stderr)
        return 1


def _copy(flags: set[str], source: Path, target: Path, manifest: Path, state: Path) -> int:
    md5 = "--no-md5" not in flags
    every = 1 << 60 if "--no-checkpoints" in flags else CHECKPOINT_BYTES
    copy(source, target, state=state, md5=md5, checkpoint_bytes=every)
    if "--no-seal" not in flags:
        header = Header("bench", 1, {"bench": ""}, "none", "bench", "2000-01-01T00:00:00Z")
        seal(target, ["."], manifest, header=header, state=state, md5=md5, reopen=True)
    return 0


def _verify(target: Path, manifest: Path) -> int:
    faults = verify(target, manifest).faults
    print(*faults, sep="\n", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
