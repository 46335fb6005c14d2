"""A rehearsal Azure inside this process: the real door on a real port, its world in reach as the ground truth.

The storage account stands behind the same door, so that blobs meet the same faults. Nothing of it sleeps or starts
processes once it runs (but for the storage emulator), which is what makes a thousand runs affordable.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from deploy.rehearsal import azurite
from deploy.rehearsal.__main__ import START, descriptor
from deploy.rehearsal.ca import certificates, today
from deploy.rehearsal.control import Control, Refused
from deploy.rehearsal.happenings import HAPPENINGS
from deploy.rehearsal.home import Home, free_port
from deploy.rehearsal.server import App, serve
from deploy.rehearsal.storage import Storage
from deploy.rehearsal.wire import Ask, when
from deploy.rehearsal.world import World


class WorldInMemory(World):
    """A world that nobody will ask about after its process has ended."""

    def save(self) -> None:
        """Keep nothing."""


class AzureHere:
    """The running rehearsal: its `world`, `known` (what a client needs), and `control` without a wire."""

    def __init__(self, world: World, known: dict[str, str]) -> None:
        self.world, self.known = world, known
        self.control = _Direct(App(world))

    def reset(self) -> None:
        """Back to the first day: no orders, devices, blobs or faults."""
        self.world.reset()
        self.world.storage.empty()
        for device in self.world.home.devices.iterdir():
            shutil.rmtree(device) if device.is_dir() else device.unlink()


class _Direct(Control):
    """The control interface asked without a wire, and so without a fault."""

    def __init__(self, app: App) -> None:
        self._app = app

    def _send(self, method: str, path: str, body: Any) -> Any:
        where = urlsplit(f"/rehearsal/{path}")
        data = b"" if body is None else json.dumps(body).encode()
        ask = Ask(method, where.path, "", {k.casefold(): v for k, v in parse_qsl(where.query)}, {}, data)
        answer, _ = self._app.answer(ask, "127.0.0.1")
        assert answer is not None
        if answer.status >= 400:
            raise Refused(answer.body["error"]["code"], answer.body["error"]["message"])
        return answer.body


@contextmanager
def azure_here(folder: Path) -> Iterator[AzureHere]:
    """Run a rehearsal Azure in this process, from its main thread, on ports of its own."""
    logging.getLogger("azure").setLevel(logging.ERROR)
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    home = Home(folder)
    tls = certificates(home.tls, today())
    home.keep(arm_port=free_port(), blob_port=free_port())
    who = home.identity
    blobs = azurite.Azurite(home, tls, azurite.find(None), who.blob_port)
    try:
        world = WorldInMemory(home, when(START), HAPPENINGS)
        world.storage = Storage(who, f"https://localhost:{who.blob_port}/{who.storage_account}", tls.ca)
        serving = serve(world, tls, who.arm_port)
        thread = threading.Thread(target=serving.run, daemon=True)
        thread.start()
        blobs.wait_until_it_listens(tls.ca)
        while not serving.started:
            time.sleep(0.01)
        known = descriptor(home, tls.ca, world.storage.endpoint)
        yield AzureHere(world, {**known, "blob": f"{known['arm']}/{who.storage_account}"})
        serving.should_exit = True
        thread.join(10)
    finally:
        blobs.stop()
