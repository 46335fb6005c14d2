"""Kept files: sealed manifests and the datacenter's logs, in a folder per run, written once."""

from __future__ import annotations

import re
from pathlib import Path

from tasks.errors import NotFound, Rejected
from tasks.files import write_aside


class FolderArchive:
    """The Archive port on a directory."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, run_id: str, name: str, content: bytes) -> None:
        """Keep *content* durably. Raises Rejected when other bytes were kept under that name."""
        path = self._path(run_id, name)
        if path.exists():
            if path.read_bytes() != content:
                raise Rejected(f"{name} of {run_id} was archived before with other content", next=f"compare {path}")
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        write_aside(path, content)

    def open(self, run_id: str, name: str) -> Path:
        """Return the path of a kept file, for readers that stream. Raises NotFound."""
        path = self._path(run_id, name)
        if not path.exists():
            raise NotFound(f"the archive has no {name} of {run_id}")
        return path

    def _path(self, run_id: str, name: str) -> Path:
        return self._root / re.sub(r"[^A-Za-z0-9._-]", "_", run_id) / re.sub(r"[^A-Za-z0-9._-]", "_", name)
