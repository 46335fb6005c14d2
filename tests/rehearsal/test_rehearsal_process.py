"""The process itself: killed and started again it knows everything; however it ends, the emulator ends with it."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rehearsal_host import launch


def gone(pid, seconds=15.0):
    """Wait until a process has ended; False when it is still there after *seconds*."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def child_of(process):
    """The process id of the emulator."""
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.slow
def test_kill_9_loses_no_order_no_blob_and_leaves_no_emulator(tmp_path):
    """Started again: same identity, ports, clock, order, blobs. An orderly end leaves nothing running either."""
    first = launch(tmp_path)
    (device,) = first.delivered("seed-berlin", "DataBoxDisk")
    (device / "BlockBlob" / "data").mkdir()
    (device / "BlockBlob" / "data" / "f").write_bytes(b"x" * 1000)
    first.blobs.create_container("before").upload_blob("kept", b"yes")
    first.control.hand_over("seed-berlin")
    emulator, now = child_of(first.process), first.control.now()
    first.process.kill()
    first.process.wait()

    assert gone(emulator)
    assert (tmp_path / "azurite.log").read_text().count("successfully closed") == 1
    second = launch(tmp_path)
    try:
        with pytest.raises(AssertionError, match="did not start"):
            launch(tmp_path, stderr=subprocess.DEVNULL)  # one home, one rehearsal
        assert second.known == first.known
        assert second.control.now() == now
        assert second.control.stats()["orders"] == {"seed-berlin": 1}
        assert second.ingested("seed-berlin").properties.status == "Completed"
        assert second.blobs.get_blob_client("before", "kept").download_blob().readall() == b"yes"
        assert second.blobs.get_blob_client("data", "f").download_blob().readall() == b"x" * 1000
    finally:
        emulator = child_of(second.process)
        second.process.stdin.close()  # the end of its parent
        assert second.process.wait(30) == 0
    assert gone(emulator)


def test_without_the_emulator_it_says_what_to_run(tmp_path):
    """One sentence on stderr, exit code 1, nothing on stdout."""
    command = [sys.executable, "-m", "deploy.rehearsal", "--home", str(tmp_path), "--azurite", str(tmp_path / "no.js")]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 1 and done.stdout == "" and "npm ci" in done.stderr


def test_it_imports_nothing_of_the_product():
    """Or a misunderstanding of ours could cancel itself out; and nothing outside the standard and declared packages."""
    root = Path(__file__).resolve().parents[2]
    for path in (root / "deploy" / "rehearsal").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                ours = name.split(".")[0] in ("states", "tasks", "flows", "deploy", "tests")
                assert not ours or name.startswith("deploy.rehearsal"), f"{path.name} imports {name}"


def test_the_lock_file_names_no_registry():
    """The emulator is pinned by version and hash; where it comes from is the installer's affair."""
    root = Path(__file__).resolve().parents[2]
    packages = json.loads((root / "package-lock.json").read_text())["packages"]

    assert packages["node_modules/azurite"]["version"] == "3.37.0"
    assert not [name for name, entry in packages.items() if "resolved" in entry]
    assert json.loads((root / "package.json").read_text())["private"]
