"""Stands in for the disk preparation tool: plays a transcript, and fails when it is told anything unexpected."""

from __future__ import annotations

import sys
from pathlib import Path


def main(transcript: str, staging: str) -> int:
    if not staging.startswith("s:"):
        print("Error: the staging location is missing")
        return 2
    for line in Path(transcript).read_text("utf-8").splitlines():
        said, asks, expected = line.partition(" <<< ")
        print(said, end=" " if asks else "\r\n", flush=True)
        if asks and (told := sys.stdin.readline().rstrip("\r\n")) != expected.strip():
            print(f"\r\nError: expected {expected!r}, was told {told!r}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
