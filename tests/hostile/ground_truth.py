"""What must never be, whatever Azure answers: compared with the rehearsal's own world, which cannot be lied to."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from azure_here import AzureHere

from states.conditions import CATALOGUE, row_of
from states.facts import JobSeen
from states.lifecycle import MILESTONES
from states.run import Run
from tasks.journal import Journal

if TYPE_CHECKING:
    from bench import Ended

# What a mishap of the world leaves a run waiting for, with whom.
WAITS_FOR = {
    "order-deleted":              {"order-gone"},
    "order-cancelled-by-service": {"order-cancelled"},
    "device-lost":                {"device-lost", "order-failed"},
    "device-damaged":             {"order-failed", "device-not-usable"},
    "complete-with-errors":       {"ingestion-incomplete", "account-differs"},
    "complete-with-warnings":     {"ingestion-incomplete"},
    "copy-halted":                {"copy-halted", "ingestion-incomplete"},
}  # fmt: skip
PERSONS = {"operator", "office", "carrier"}


class Truth:
    """What really happened to the order *job*, whose seed is *tree*: bytes by container and blob name."""

    def __init__(self, azure: AzureHere, job: str, tree: dict[tuple[str, str], bytes]) -> None:
        self._azure, self._job, self._tree = azure, job, tree
        self._stages: set[str] = set()
        self._state = MILESTONES[0]
        self._on_record, self._unseen = False, 0  # orders that somebody deleted before the run had seen them

    def after_a_pass(self, run: Run) -> list[str]:
        """Return what is wrong right now: an effect done twice, a state the world does not bear out."""
        order = self._azure.world.order(self._job)
        if order is not None:
            self._stages |= {stage.name for stage in order.stages}
        if not self._on_record:  # a name is taken once: a second order of it says that the first was deleted unseen
            self._unseen = max(0, self._azure.world.records.effects.orders.get(self._job, 0) - 1)
        self._on_record = self._on_record or run.get(JobSeen) is not None
        wrong = [*self._twice()]
        if "unexpected" in run.conditions:
            wrong.append(f"a crash without a code: {run.conditions['unexpected'].detail}")
        wrong += [f"{code} is in no catalogue" for code in run.conditions if code not in CATALOGUE]
        if run.state in MILESTONES and run.state != self._state:
            for state in MILESTONES[MILESTONES.index(self._state) + 1 : MILESTONES.index(run.state) + 1]:
                wrong += [f"{run.run_id} is {state}, but {why}" for why in self._against(state)]
            self._state = run.state
        return wrong

    def at_the_end(
        self, journal: Journal, archive: Path, run_id: str, ended: Ended, rows: list[dict[str, Any]]
    ) -> list[str]:
        """Return what is wrong with where the run stands once Azure is well again."""
        run, wrong = ended.run, []
        try:
            journal.check(run_id)
        except Exception as damaged:
            wrong.append(f"the journal is damaged: {damaged!r}")
        wrong += self._badly_kept(archive / re.sub(r"[^A-Za-z0-9._-]", "_", run_id))
        if run.state == "closed" or ended.there or ended.wrong:
            return wrong
        mishaps = {row["world"] for row in rows if "world" in row}
        allowed = {code for mishap in mishaps for code in WAITS_FOR.get(mishap, ())}
        code = ended.asks.code if ended.asks else ""
        if code not in allowed:
            wrong.append(f"it is {run.state} and waits for {code or ended.asks or 'nobody'}: {run.conditions}")
        elif row_of(code).whose not in PERSONS:
            wrong.append(f"it waits for {row_of(code).whose}, who is no person: {code}")
        return wrong

    def _badly_kept(self, folder: Path) -> list[str]:
        """Logs and papers in the archive that are not, byte for byte, what the account holds."""
        names = [path for path in folder.glob("*") if path.suffix not in (".json", ".manifest")]
        if not names:
            return []
        client = self._azure.world.storage.client
        held = set()
        for container in client.list_containers():
            if container.name.startswith(("databoxcopylog", "azuredatabox")):
                inside = client.get_container_client(container.name)
                held |= {inside.download_blob(blob.name).readall() for blob in inside.list_blobs()}
        return [
            f"{path.name} in the archive is not what Azure filed" for path in names if path.read_bytes() not in held
        ]

    def _twice(self) -> list[str]:
        done = self._azure.world.records.effects.model_dump()
        done.pop("mitigations")
        twice = [
            f"{effect} of {name}: {count} times"
            for effect, of in done.items()
            for name, count in of.items()
            if count > 1 + (self._unseen if effect == "orders" else 0)
        ]
        if len(done["orders"]) > 1:
            twice.append(f"the run ordered under several names: {', '.join(done['orders'])}")
        if done["container_deletes"] and self._state != "incremental-scheduled":
            twice.append(f"containers were deleted while the run was {self._state}")
        return twice

    def _against(self, state: str) -> list[str]:
        match state:
            case "ordered":
                return [] if self._azure.world.records.effects.orders.get(self._job) else ["nothing was ordered"]
            case "delivered":
                return [] if "Delivered" in self._stages else ["the device was never delivered"]
            case "shipped":
                return [] if "PickedUp" in self._stages else ["the carrier has no device"]
            case "ingested":
                return [*([] if "Completed" in self._stages else ["the order is not Completed"]), *self._lost()]
            case "vaulted" | "incremental-scheduled" | "closed":
                return self._not_in_the_vault()
        return []

    def _lost(self) -> list[str]:
        """The seed's files that are not in the account, or are not the same there."""
        client = self._azure.world.storage.client
        lost = []
        for (container, name), data in self._tree.items():
            try:
                there = client.get_blob_client(container, name).download_blob().readall()
            except Exception as gone:
                there = repr(gone).encode()
            if there != data:
                lost.append(f"{container}/{name} is not in the account")
        return lost

    def _not_in_the_vault(self) -> list[str]:
        offices = self._azure.world.records.offices.values()
        items = [item for office in offices for item in office.items]
        return [f"{item.name} has no recovery point" for item in items if not item.points] or (
            [] if items else ["the vault knows no item"]
        )
