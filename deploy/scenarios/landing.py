"""Scenarios from the account to the incrementals, and of what must not change on the way there."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from deploy.rehearse import GOAL
from deploy.scenarios.data_box import at
from deploy.scenarios.endings import RESUME, by_itself, job_stopped, mended, person, resumed, waived
from deploy.scenarios.harms import Harm, blob_deleted, order_has, server_has, somebody_does
from deploy.scenarios.scenario import Deed, Scenario
from deploy.scenarios.stage import Stage
from tasks import answers
from tasks.watch_freeze import containers_of


def first_look(stage: Stage) -> None:
    """Let the watch of what must not change see how things are, and a day pass."""
    stage.sweep()
    stage.let_pass(timedelta(days=1))


def watched(state: str) -> Deed:
    """Return what plays on to *state* and looks at everything once, a day before the fault."""

    def deed(stage: Stage) -> None:
        stage.until(state)
        first_look(stage)

    return deed


def fails_with(text: str) -> Harm:
    """Return what makes the office's next backup fail with that text."""
    return server_has("backup-fails", text=text)


def schedule_on(stage: Stage) -> None:
    """Enable the schedule in the backup console."""
    server_has("schedule-on")(stage)


def renamed_back(stage: Stage) -> None:
    """Give the server its old name."""
    server_has("server-renamed", server=stage.now_run.plan.server)(stage)


def containers_held(stage: Stage) -> None:
    """Somebody makes the seed's containers immutable."""
    for name in containers_of(stage.now_run):
        somebody_does("container-immutable", container=name)(stage)


def containers_released(stage: Stage) -> None:
    """Take that back."""
    for name in containers_of(stage.now_run):
        somebody_does("container-immutable", container=name, removed=True)(stage)


def switched_off_for_days(stage: Stage) -> None:
    """The device is held up and the server is off; looks find it so, day after day."""
    order_has("delay", days=20)(stage)
    server_has("server-off")(stage)
    for _ in range(5):
        stage.sweep()
        stage.let_pass(timedelta(days=1))


def full_upload_seen(stage: Stage) -> None:
    """The next backup sends everything again; we look while it runs."""
    server_has("full-upload", hours=20)(stage)
    stage.let_happen("online backup")
    stage.let_pass(timedelta(hours=6))


SYDNEY, LYON = partial(Scenario, office="sydney"), partial(Scenario, office="lyon")
LANDED, VAULTED = at("ingested"), at("vaulted")
NEXT_BACKUP = resumed("incremental-scheduled")
# fmt: off
BACKUPS = tuple(
    SYDNEY((row,), "backup-failed", what, LANDED, fails_with(text), "ingested", RESUME, NEXT_BACKUP, says=says)
    for row, what, text, says in (
        (39, "the local replica is not ready", "The replica is inconsistent", "replica is not ready"),
        (41, "the scratch folder is full", "SalLowDiskSpace", "full"),
        (91, "the agent's account cannot see the place", "The network path was not found", "cannot see"),
        (92, "two instances of the scheduled task run", "Another job was in progress", "two instances"),
        (93, "the vault does not know the server", "ID 230006: not provisioned in the stamp", "by another name"),
        (94, "the passphrase or the scratch folder is lost", "Error 34506", "passphrase"),
        (95, "the credential file is too old", "ID 34513", "too old"),
        (96, "the server was away for more than fifteen days", "not connected to Azure for 16 days", "15 days"),
        (97, "the subscription is switched off", "The subscription is disabled", "switched off"),
    )
)
VAULT = (
    SYDNEY((34, 35, 37, 90), "agent-not-signed-in", "the agent cannot sign in to Azure", LANDED,
           server_has("cannot-authenticate"), "ingested", "sign in again",
           resumed("incremental-scheduled", server_has("backups-mended")), says="100230"),
    SYDNEY((91, 100), "schedule-paused", "the schedule is switched off before the seed has landed", LANDED,
           server_has("schedule-off"), "ingested", RESUME, resumed("incremental-scheduled", schedule_on)),
    SYDNEY((100,), "schedule-paused", "the schedule is switched off before the first incremental", VAULTED,
           server_has("schedule-off"), "vaulted", RESUME, resumed("incremental-scheduled", schedule_on)),
    SYDNEY((96,), "agent-silent", "the server is off when its backup is due", LANDED, server_has("server-off"),
           "ingested", "look whether the server is up", mended("incremental-scheduled", server_has("server-on"))),
    SYDNEY((98,), "size-implausible", "a fraction of the seed lands", LANDED,
           server_has("seed-lands-short", percent=40), "ingested", "seeding waive",
           waived("size-implausible", "incremental-scheduled"), says="less"),
    SYDNEY((99,), "full-upload", "the first incremental is the whole seed again", VAULTED,
           full_upload_seen, "vaulted", "seeding stop-job",
           person(job_stopped, "incremental-scheduled")),
    SYDNEY((89,), "seed-not-found", "a blob is deleted after it was compared", LANDED, blob_deleted,
           "ingested", "nobody cleaned the account", person(lambda stage: answers.reorder(stage.book, "gone"),
                                                           "planned", 2)),
    SYDNEY((105,), "witness-missing", "the vault hears of the points a day late", LANDED,
           server_has("vault-lags", hours=20), "ingested", "wait", by_itself("incremental-scheduled")),
    SYDNEY((), "witnesses-disagree", "the vault never hears of the points", LANDED,
           server_has("vault-lags", hours=99), "ingested", "find out which is wrong",
           resumed("incremental-scheduled", server_has("vault-lags", hours=0))),
    SYDNEY((), "point-vanished", "somebody deletes the recovery points", VAULTED, server_has("points-deleted"),
           "vaulted", "who deleted it", person(lambda stage: answers.abandon(stage.book, "deleted"), "abandoned")),
)
FROZEN = (
    LYON((73, 89), "account-gone", "the storage account is moved", watched("shipped"),
         somebody_does("account-moved", group="elsewhere"), "shipped", "move it back",
         mended("ingested", somebody_does("account-moved", group=""))),
    LYON((73, 83), "account-walled-off", "the account is walled off from trusted services", watched("shipped"),
         somebody_does("firewall", action="Deny", bypass="None"), "shipped", "trusted services",
         mended("ingested", somebody_does("firewall", action="Allow", bypass="AzureServices"))),
    LYON((83,), "account-locked", "a read-only lock hides the account's keys", watched("shipped"),
         somebody_does("lock", level="ReadOnly"), "shipped", "remove the lock",
         mended("ingested", somebody_does("unlock"))),
    LYON((89,), "lifecycle-rule", "a rule may delete the seed", watched("shipped"),
         somebody_does("lifecycle-rule", name="tidy", prefixes=["lyon"]), "shipped", "switch the rule off",
         mended("ingested", somebody_does("lifecycle-rule", name="tidy", removed=True))),
    LYON((93,), "server-renamed", "the backup server is renamed on the way", watched("shipped"),
         server_has("server-renamed", server="LYO-NEW"), "shipped", "its old name", mended("ingested", renamed_back)),
    SYDNEY((96,), "server-silent", "the server is off while the device travels", watched("shipped"),
           switched_off_for_days, "shipped", "switch it on", mended("ingested", server_has("server-on"))),
    SYDNEY((35, 36), "agent-app-lost", "the agent's app is deleted", watched("shipped"),
           somebody_does("apps-deleted"), "shipped", "sign in again",
           person(lambda stage: answers.abandon(stage.book, "nobody can mend it"), "abandoned")),
    LYON((75,), "account-immutable", "the seed's containers are immutable", watched("shipped"), containers_held,
         "shipped", "remove the policy", mended("ingested", containers_released)),
    LYON((102,), "clean-up-hindered", "a container is immutable when all is in the vault", watched(GOAL),
         containers_held, GOAL, "remove it before", mended(GOAL, containers_released)),
    LYON((), "frozen-changed", "an account key is changed", watched("shipped"), somebody_does("keys-rotated"),
         "shipped", "ask who did it", by_itself("ingested")),
)
# fmt: on
LANDING = (*BACKUPS, *VAULT, *FROZEN)
