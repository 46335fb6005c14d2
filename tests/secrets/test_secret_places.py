"""BitLocker keys and the return account, from each place the inventory may name: used, on record as read, never shown.

A real Prefect server, the real Key Vault client against the rehearsal Azure, real drives that are folders, the real
import job. The canary looks through everything that is written or said on the way, good or bad.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import canary
import pytest
import yaml
from fakes import FakeOffice, FakeWorld
from prefect_host import Prefect
from rehearsal_host import Rehearsal
from stories import ACTOR, T0, evidence, opening

from deploy.cli.results import run_data
from deploy.inventory import load
from deploy.own_disks import local_disks, return_carrier
from deploy.prefect_secrets import PrefectSecrets
from deploy.rehearse import enter, lay_out
from deploy.settings import Settings, settings
from deploy.wiring import azure_settings
from flows.pages import timeline
from states.explain import explain
from states.facts import DrivesPrepared, DrivesReserved, FormatAllowed, JobSeen, Sealed, Verified
from states.playbook import next_step
from states.run import Run
from tasks.azure.clients import AzureClients
from tasks.azure.databox import DataBoxOrders
from tasks.azure.key_vault import KeyVaultSecrets
from tasks.errors import NotAllowed, Rejected, Transient
from tasks.journal import Journal, Logbook
from tasks.office.disks import BitLockerKey, KeyMissing, StoredKeys, new_key
from tasks.perform import perform

VAULT = "https://contoso-keys.vault.azure.net"
ACCOUNT = "00DHL55501234"
RUN_ID = "nairobi/2026-11"
SEED = b"seed" * 128 * 64
PLACES = {
    "environment": ("env:CANARY_KEY_{serial}", "env:CANARY_ACCOUNT"),
    "prefect-block": ("prefect-block:canary-{serial}", "prefect-block:canary-account"),
    "key-vault": (VAULT, f"{VAULT}/secrets/return-account"),
}


@pytest.fixture
def where(rehearsal: Rehearsal, tmp_path: Path) -> Settings:
    """A home with the own-disk office of the sample, laid out on the rehearsal Azure."""
    enter(dict(rehearsal.known))
    home = settings(tmp_path / "home")
    home.home.mkdir()
    lay_out(home, dict(rehearsal.known), None, 1 << 20, only=("nairobi",))
    return home


@pytest.fixture
def clients(where: Settings) -> Iterator[AzureClients]:
    """The SDK's clients as the product's wiring makes them."""
    entry = load(where.inventory).office("nairobi")
    assert entry is not None
    made = AzureClients(replace(azure_settings(where, entry), retry_total=0))
    yield made
    made.close()


@dataclass
class Bench:
    """An office in own-disk mode whose secrets lie in *place*, with two drives and a sealed seed of two files."""

    folder: Path
    where: Settings
    rehearsal: Rehearsal
    clients: AzureClients
    place: str
    carrier: str = "DHL"
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._name_the_places()
        entry = load(self.where.inventory).office("nairobi")
        assert entry is not None and entry.own_disk is not None
        self.entry, self.serials = entry, tuple(drive.serial for drive in entry.own_disk.drives[:2])
        assert entry.staging is not None
        for name in ("a.BaseBlob", "a.AIBBlob"):
            (Path(entry.staging.path) / name).write_bytes(SEED)
        rows = [{"serial": s, "capacity_bytes": 1_000_000, "formatted": True} for s in self.serials]
        self.volumes = [Path(row["path"]) / "volume" for row in self.rehearsal.control.add_drives(rows)]
        self.journal = Journal(self.where.journal_url)
        plan = entry.plan("nairobi0001")
        facts = (
            DrivesReserved(self.serials, plan.job_name, 1 << 30, 2 * len(SEED)),
            FormatAllowed(self.serials, "jo"),
            Sealed("", "d" * 64, 2, 2 * len(SEED), "seed.manifest"),
        )
        self.journal.open(RUN_ID, [*opening(RUN_ID, plan), *map(evidence, facts)], T0, ACTOR)
        (self.folder / "world").mkdir()
        sealed = FakeOffice(answers={"verify": Verified("d" * 64, 2, 2 * len(SEED))})
        self.world = FakeWorld(self.folder / "world", office=sealed)

    def _name_the_places(self) -> None:
        inventory = yaml.safe_load(self.where.inventory.read_text("utf-8"))
        own = inventory["offices"][0]["own_disk"]
        own["keys"], own["return"]["account"] = PLACES[self.place]
        own["return"]["carrier"] = self.carrier
        for drive in own["drives"]:
            drive["capacity"] = 106_000  # room for a little more than half of the seed
        self.where.inventory.write_text(yaml.safe_dump(inventory), "utf-8")

    def put(self, serial: str, text: str) -> None:
        """Put a drive's key where the inventory says."""
        match self.place:
            case "environment":
                os.environ[f"CANARY_KEY_{serial.replace('-', '_')}"] = text
            case "prefect-block":
                from prefect.blocks.system import Secret

                Secret(value=text).save(f"canary-{serial.lower()}", overwrite=True)
            case _:
                self.clients.secrets(VAULT).set_secret(f"bitlocker-{serial}", text)

    def put_account(self, text: str = ACCOUNT) -> None:
        """Put the account number where the inventory says."""
        match self.place:
            case "environment":
                os.environ["CANARY_ACCOUNT"] = text
            case "prefect-block":
                from prefect.blocks.system import Secret

                Secret(value=text).save("canary-account", overwrite=True)
            case _:
                self.clients.secrets(VAULT).set_secret("return-account", text)

    def forget(self) -> None:
        """Take the blocks away again: the Prefect server serves all tests of this file."""
        if self.place == "prefect-block":
            from prefect.blocks.system import Secret

            for name in ("canary-account", *(f"canary-{serial.lower()}" for serial in self.serials)):
                with contextlib.suppress(ValueError):
                    Secret.delete(name)

    def perform(self, verb: str) -> Run:
        """Perform a verb as a pass does, and keep all that is said about it."""
        site = replace(
            self.world.site,
            orders=DataBoxOrders(self.clients),
            disks=local_disks(self.where, self.entry, self.clients),
            return_carrier=return_carrier(self.entry, self.clients),
        )
        book = Logbook(self.journal, RUN_ID, self.rehearsal.control.now, ACTOR)
        outcome = perform(verb, book, site)
        run = book.settle(outcome)
        now = self.rehearsal.control.now()
        step = next_step(run, now, {})
        shown = (explain(run, step, now), timeline(run, step, now), json.dumps(run_data(run), default=str))
        self.said += [repr(outcome), repr(run), repr(site), *shown]
        return run

    def read(self) -> list[str]:
        """What the journal says was read."""
        return [str(line.payload["what"]) for line in self.journal.lines(RUN_ID) if line.kind == "secret-read"]

    def written(self) -> list[bytes]:
        """The bytes of every file that the product wrote: journal, state and drives."""
        self.journal.close()
        places = [self.where.home, *(volume.parent for volume in self.volumes)]
        return [path.read_bytes() for place in places for path in place.rglob("*") if path.is_file()]


def slow_with_prefect(place: str) -> Any:
    """Return the test's parameter: a Prefect server takes seconds to start."""
    return pytest.param(place, marks=pytest.mark.slow if place == "prefect-block" else ())


@pytest.fixture
def bench(rehearsal, where, clients, tmp_path, request, monkeypatch) -> Iterator[Bench]:
    """An office whose secrets lie where the test's parameter says; everything is logged and kept."""
    place = request.param
    if place == "prefect-block":
        request.getfixturevalue("prefect")
    for name in [name for name in os.environ if name.startswith("CANARY_")]:
        monkeypatch.delenv(name)
    made = Bench(tmp_path, where, rehearsal, clients, place)
    yield made
    made.journal.close()
    made.forget()
    for name in [name for name in os.environ if name.startswith(("CANARY_", "SEEDING_KEY_", "SEEDING_RETURN"))]:
        del os.environ[name]


def shows(bench: Bench, secrets: list[str], logged: str) -> list[str]:
    """Return where anything written or said holds one of the secrets, or what looks like one, in any spelling."""
    texts = {"said": "\n".join([*bench.said, logged]).encode()}
    texts |= {f"file {number}": text for number, text in enumerate(bench.written())}
    return canary.found({f"secret {number}": text for number, text in enumerate(secrets)}, texts)


@pytest.mark.parametrize("bench", [slow_with_prefect(place) for place in PLACES], indirect=True)
def test_secrets_from_every_place_reach_the_import_job_and_nothing_else(bench: Bench, caplog) -> None:
    """The drives open with the kept keys, Azure takes job and account; every reading is on record, no secret is."""
    caplog.set_level(logging.DEBUG)
    keys = {serial: new_key().reveal() for serial in bench.serials}
    for serial, key in keys.items():
        bench.put(serial, key)
    bench.put_account()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        bench.perform("prepare-drives")
        run = bench.perform("create-import-job")

    assert run.get(DrivesPrepared) and run.get(JobSeen), run.conditions
    first, second = bench.serials
    assert bench.read() == [
        f"BitLocker key of {first}, to encrypt the drive",
        f"BitLocker key of {second}, to encrypt the drive",
        f"BitLocker keys of {first}, {second}, for the import job",
        "account number at DHL, for the way back of the drives",
    ]
    assert shows(bench, [*keys.values(), ACCOUNT], printed.getvalue() + caplog.text) == []


@pytest.mark.parametrize("bench", [slow_with_prefect("prefect-block"), "key-vault"], indirect=True)
def test_what_goes_wrong_shows_no_secret_either(bench: Bench, caplog) -> None:
    """A key that is none, a carrier Azure refuses, an account number that is not there: told, not quoted."""
    caplog.set_level(logging.DEBUG)
    mistyped = "123456-654321-" + "0" * 6
    bench.put(bench.serials[0], mistyped)
    assert set(bench.perform("prepare-drives").conditions) == {"key-missing"}
    keys = [new_key().reveal(), new_key().reveal()]
    for serial, key in zip(bench.serials, keys, strict=True):
        bench.put(serial, key)
    bench.perform("prepare-drives")
    assert "no account number at DHL" in bench.perform("create-import-job").conditions["key-missing"].detail
    bench.put_account()
    bench.rehearsal.control.add_faults({"method": "PUT", "path_regex": "/jobs/", "times": 1, "status": 400})
    bench.perform("create-import-job")

    assert shows(bench, [mistyped, *keys, ACCOUNT], caplog.text) == []


@pytest.mark.parametrize("bench", ["key-vault"], indirect=True)
def test_a_key_that_is_not_there_is_made_and_kept_before_the_drive_is_encrypted(bench: Bench) -> None:
    """Who prepares a drive need not think of keys; the next look finds the same one."""
    bench.perform("prepare-drives")

    kept = StoredKeys("bitlocker-{serial}", KeyVaultSecrets(bench.clients, VAULT))
    assert [bench.volumes[0].parent.name, bench.volumes[1].parent.name] == list(bench.serials)
    assert len({kept.get(serial).reveal() for serial in bench.serials}) == 2


def test_a_key_vault_keeps_and_gives_by_drive(clients: AzureClients) -> None:
    """A missing secret is a missing key; another key for the same drive is refused."""
    keys, one = StoredKeys("bitlocker-{serial}", KeyVaultSecrets(clients, VAULT)), new_key()
    with pytest.raises(KeyMissing, match="no secret bitlocker-wd-a-7 for drive WD A_7"):
        keys.get("WD A_7")
    keys.put("WD A_7", one)
    keys.put("WD A_7", one)

    assert keys.get("WD A_7") == one
    with pytest.raises(Rejected, match="another BitLocker key"):
        keys.put("WD A_7", new_key())


@pytest.mark.parametrize(("status", "kind"), [(403, NotAllowed), (503, Transient)])
def test_a_vault_that_refuses_or_fails_is_told_by_its_address(clients, rehearsal, status: int, kind: type) -> None:
    """Neither is a missing key: nobody makes a new one for that."""
    rehearsal.control.add_faults({"path_regex": "/vaults/", "times": 9, "status": status})

    with pytest.raises(kind, match=f"read the secret x in {VAULT}"):
        KeyVaultSecrets(clients, VAULT).read("x")


def test_the_vaults_own_client_signs_in_by_its_challenge(rehearsal: Rehearsal) -> None:
    """Without a token, or with one for another service, the answer is 401 and names authority and resource."""
    status, body, headers = rehearsal.raw("GET", "/vaults/v/secrets/x", version="7.5")

    assert (status, body["error"]["code"]) == (401, "Unauthorized")
    assert 'resource="https://vault.azure.net"' in headers["WWW-Authenticate"]
    assert f'authorization="{rehearsal.known["authority"]}/' in headers["WWW-Authenticate"]


def test_prefect_blocks_give_back_exactly_what_was_kept(prefect: Prefect) -> None:
    """Digits stay a text, whatever they look like; a name that is taken is not written over."""
    blocks: Any = PrefectSecrets()
    assert blocks.read("exact-0") == ""
    for number, text in enumerate(("000123", "1e5", "true", '{"a": 1}')):
        blocks.keep(f"exact-{number}", text)
        assert blocks.read(f"exact-{number}") == text

    with pytest.raises(Rejected) as refused:
        blocks.keep("exact-0", "another-secret")
    assert "another-secret" not in str(refused.value) and blocks.read("exact-0") == "000123"


def test_a_prefect_server_that_does_not_answer_is_no_missing_key(monkeypatch) -> None:
    """The pass tries again later."""
    from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    nobody = {PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}
    with temporary_settings(nobody), pytest.raises(Transient, match="cannot read the Prefect block x-1"):
        PrefectSecrets().read("x-1")


def test_the_canary_rings(tmp_path) -> None:
    """A key in a file, and one in what was said, are both found."""
    key = BitLockerKey("-".join(["001122"] * 8)).reveal()
    bench = Bench.__new__(Bench)
    bench.said, bench.written = ["harmless"], lambda: [b"...%b..." % key.encode()]  # type: ignore[method-assign]
    told = shows(bench, [key, "elsewhere"], "log: elsewhere")

    assert {"file 0: secret 0, plain", "file 0: a BitLocker key", "said: secret 1, plain"} <= set(told)
