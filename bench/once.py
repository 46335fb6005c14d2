"""One copy, seal or verification as a process of its own, for the benchmark to time.

python -m bench.once copy SOURCE TARGET MANIFEST STATE [--no-md5] [--no-seal]
python -m bench.once verify TARGET MANIFEST
"""

from __future__ import annotations

import sys
from pathlib import Path

from tasks.media import Header, MediaError, copy, seal, verify


def main(words: list[str]) -> int:
    """Do it; return 0, or 1 with the reason on stderr."""
    flags = {word for word in words if word.startswith("--")}
    command, *places = [word for word in words if word not in flags]
    try:
        if command == "verify":
            target, manifest = map(Path, places)
            faults = verify(target, manifest).faults
            print(*faults, sep="\n", file=sys.stderr)
            return 1 if faults else 0
        source, target, manifest, state = map(Path, places)
        copy(source, target, state=state, md5="--no-md5" not in flags)
        if "--no-seal" not in flags:
            header = Header("bench", 1, {"bench": ""}, "none", "bench", "2000-01-01T00:00:00Z")
            md5 = "--no-md5" not in flags
            seal(target, ["."], manifest, header=header, state=state, md5=md5, reopen=True)
    except MediaError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
