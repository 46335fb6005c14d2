"""The storage emulator as a child process: real block and page blobs over TLS. It must never outlive us."""

from __future__ import annotations

import ctypes
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

from deploy.rehearsal.ca import Certificates
from deploy.rehearsal.home import Home

MAIN_JS = Path("node_modules") / "azurite" / "dist" / "src" / "blob" / "main.js"
START_LIMIT_SECONDS = 60.0
STOP_LIMIT_SECONDS = 10.0
PR_SET_PDEATHSIG = 1
# When a parent with several threads is killed, Linux sends the death signal once per thread. The emulator minds only
# the first and dies of the second in the middle of writing its index, so the later ones are swallowed.
FIRST_SIGNAL_ONLY = """let closing = false;
process.on("SIGTERM", () => {
  if (!closing && process.listenerCount("SIGTERM") === 1) process.exit(1); // not listening yet: nothing to save
  closing = true;
});
"""


class AzuriteMissing(Exception):
    """Node or the emulator's files are not there; the message says what to run."""


def find(given: Path | None) -> Path:
    """Return the path of the emulator's blob entry point. Raises AzuriteMissing when it is not installed."""
    project = Path(__file__).resolve().parents[2]
    tried = [given] if given else [Path.cwd() / MAIN_JS, project / MAIN_JS]
    for path in tried:
        if path.is_file():
            return path.resolve()
    raise AzuriteMissing(f"the storage emulator is not at {tried[0]}; run `npm ci` in the project folder")


class Azurite:
    """One blob service of one account on 127.0.0.1."""

    def __init__(self, home: Home, certificates: Certificates, main_js: Path, port: int) -> None:
        """Start the process; returns before it listens. Raises AzuriteMissing when node is not installed.

        Call from the main thread: on Linux the child is tied to the thread that started it.
        """
        self._port = port
        identity = home.identity
        guard = home.root / "first-signal-only.cjs"
        guard.write_text(FIRST_SIGNAL_ONLY, "utf-8")
        command = [
            "node", "--require", str(guard), str(main_js),
            "--blobHost", "127.0.0.1", "--blobPort", str(port), "--location", str(home.azurite),
            "--cert", str(certificates.certificate), "--key", str(certificates.key), "--oauth", "basic",
            "--silent", "--disableTelemetry", "--blobKeepAliveTimeout", "1",  # or an idle client delays its end by 5 s
        ]  # fmt: skip
        environment = {**os.environ, "AZURITE_ACCOUNTS": f"{identity.storage_account}:{identity.storage_key}"}
        self._log = (home.root / "azurite.log").open("ab")
        try:
            self._process = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log,
                preexec_fn=partial(_die_with_parent, os.getpid()) if sys.platform == "linux" else None,
            )  # fmt: skip
        except FileNotFoundError as error:
            raise AzuriteMissing("node is not installed; the storage emulator needs it") from error

    @property
    def pid(self) -> int:
        """The process id of the emulator."""
        return self._process.pid

    def wait_until_it_listens(self, ca: Path) -> None:
        """Return when it answers. Raises TimeoutError after 60 seconds, AzuriteMissing when it ended at once."""
        context = ssl.create_default_context(cafile=str(ca))
        until = time.monotonic() + START_LIMIT_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise AzuriteMissing(f"the storage emulator ended at once; see {self._log.name}")
            if _answers(self._port, context):
                return
            time.sleep(0.05)
        raise TimeoutError(f"the storage emulator did not answer within {START_LIMIT_SECONDS:.0f} s")

    def stop(self) -> None:
        """End it, gently first so that it writes its index. Safe to call twice."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._log.close()


def _die_with_parent(parent_pid: int) -> None:
    """Ask the kernel to end this child when the starting thread ends, however it ends (Linux)."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)


def _answers(port: int, context: ssl.SSLContext) -> bool:
    try:
        urllib.request.urlopen(f"https://127.0.0.1:{port}/", timeout=5, context=context)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True
