"""What can go wrong at an office's backup server: a row each, named in faults as `world`, with its `office`.

Some rows strike at once; the others wait for the office's next backup and are counted down (`times`, usually 1).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deploy.rehearsal.records import Office

CANNOT_AUTHENTICATE = (
    "Unable to make service calls to Azure that are required to query Import Job status and move backup data "
    "into the Recovery Services Vault. (ID: 100230)"
)


def arm(office: Office, row: dict[str, Any]) -> None:
    """Let the office's next backups meet *row*."""
    usual: dict[str, Any] = {"hours": 100} if row["world"] == "full-upload" else {}
    office.troubles.append({"times": 1, **usual, **row})


def lose_access(office: Office, row: dict[str, Any]) -> None:
    """Every backup fails from now on, because the agent's app in Entra ID is gone."""
    arm(office, {"world": "backup-fails", "text": CANNOT_AUTHENTICATE, "times": int(row.get("times", 1_000_000))})


def regain(office: Office, row: dict[str, Any]) -> None:
    """Nothing waits for the office's next backups any more."""
    office.troubles = []


def switch_off(office: Office, row: dict[str, Any]) -> None:
    """Nobody answers there."""
    office.silent = True


def switch_on(office: Office, row: dict[str, Any]) -> None:
    """Somebody answers there again."""
    office.silent = False


def grow_old(office: Office, row: dict[str, Any]) -> None:
    """The Recovery Services agent is of that version."""
    office.version = str(row["version"])


def rename(office: Office, row: dict[str, Any]) -> None:
    """The server calls itself something else than the vault does."""
    office.renamed = str(row["server"])


def lag(office: Office, row: dict[str, Any]) -> None:
    """The vault hears of the server's recovery points so many hours late."""
    office.vault_lag_hours = float(row["hours"])


def delete_points(office: Office, row: dict[str, Any]) -> None:
    """Somebody deletes every recovery point there is."""
    for item in office.items:
        item.points = []


def take(office: Office, *worlds: str) -> dict[str, Any] | None:
    """Return the first row of these kinds that waits for the office's backup, counted down, or None."""
    for row in office.troubles:
        if row["world"] in worlds and row["times"] > 0:
            row["times"] -= 1
            return row
    return None


# fmt: off
OFFICE_MISHAPS: dict[str, tuple[Callable[[Office, dict[str, Any]], None], tuple[str, ...], tuple[str, ...]]] = {
    "full-upload":         (arm,         (),           ("hours", "times")),
    "slow-backup":         (arm,         ("hours",),   ("times",)),
    "slow-copy":           (arm,         ("hours",),   ("times",)),
    "backup-fails":        (arm,         ("text",),    ("times",)),
    "files-fail":          (arm,         ("paths",),   ("reason", "times")),
    "seed-lands-short":    (arm,         ("percent",), ("times",)),
    "cannot-authenticate": (lose_access, (),           ("times",)),
    "backups-mended":      (regain,      (),           ()),
    "server-off":          (switch_off,  (),           ()),
    "server-on":           (switch_on,   (),           ()),
    "agent-version":       (grow_old,    ("version",), ()),
    "server-renamed":      (rename,      ("server",),  ()),
    "vault-lags":          (lag,         ("hours",),   ()),
    "points-deleted":      (delete_points, (),         ()),
}
# fmt: on
