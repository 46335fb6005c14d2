"""What can go wrong at an office's backup server, told through the same documents a real script prints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tasks.office.answer import read_answer
from tasks.office.witness import kind_of

SCHEMA = json.loads((Path(__file__).parents[2] / "deploy/agents/agent.schema.json").read_text("utf-8"))
SIZE = 300_000


def agent(rehearsal, verb="facts", kind="dpm", **options):
    """What the stand-in prints, which must fit the published schema."""
    document = rehearsal.agent(verb, kind=kind, **options)
    Draft202012Validator(SCHEMA).validate(document)
    return document


@pytest.fixture
def device(rehearsal, tmp_path):
    """A delivered device, and an office whose wizard was set to it."""
    source = tmp_path / "source"
    source.mkdir()
    (source / "big.bin").write_bytes(os.urandom(SIZE))
    (device,) = rehearsal.delivered("seed-berlin", "DataBoxDisk")
    items = [{"name": "data", "source": str(source), "bytes": SIZE, "daily_change_bytes": 4096}]
    agent(rehearsal, "configure", order="seed-berlin", device=device, items=items)
    return device


@pytest.fixture
def landed(rehearsal, device):
    """The same office with its seed in the vault, a day before its first incremental."""
    agent(rehearsal, "start-copy", device=device)
    rehearsal.sent("seed-berlin")
    rehearsal.ingested("seed-berlin")
    rehearsal.control.jump_until("online backup")


def fault(rehearsal, world, **row):
    rehearsal.control.add_faults({"world": world, "office": "berlin", **row})


def next_backup(rehearsal):
    rehearsal.control.jump_until("online backup")
    return agent(rehearsal)


def later(rehearsal, hours):
    rehearsal.control.jump(rehearsal.control.now() + timedelta(hours=hours))
    return agent(rehearsal)


@pytest.mark.parametrize("kind", ["dpm", "mars", "files"])
def test_every_kind_prints_the_same_document(rehearsal, kind):
    """Of a server nobody configured, under the name the inventory gives it."""
    document = agent(rehearsal, kind=kind, server="BER-DPM01", office="bonn")
    answer = read_answer(document)

    assert (answer.kind, answer.server, answer.account.system) == (kind, "BER-DPM01", True)
    assert not answer.jobs and not answer.schedule.enabled


def test_a_full_upload_grows_while_it_runs_and_can_be_stopped(rehearsal, landed):
    """Bytes follow the clock; a stopped job keeps what it sent and makes no point; the next one is small again."""
    fault(rehearsal, "full-upload", hours=100)
    first = next_backup(rehearsal)["jobs"][-1]
    tenth = later(rehearsal, 10)["jobs"][-1]
    stopped = agent(rehearsal, "stop-job")
    after = next_backup(rehearsal)

    assert (first["status"], first["bytes"], first["ended"]) == ("running", 0, None)
    assert tenth["bytes"] == SIZE // 10
    assert kind_of(read_answer(stopped).jobs[-1]) == "stopped" and stopped["jobs"][-1]["bytes"] == SIZE // 10
    assert [point["bytes"] for point in after["recovery_points"]][1:] == [4096]
    assert agent(rehearsal, "stop-job")["jobs"] == after["jobs"]


def test_a_full_upload_that_nobody_stops_ends_with_all_bytes(rehearsal, landed):
    """No second job runs beside it."""
    fault(rehearsal, "full-upload", hours=60)
    next_backup(rehearsal)
    jobs = later(rehearsal, 59)["jobs"]
    done = later(rehearsal, 2)

    assert jobs[-1]["status"] == "running" and done["jobs"][len(jobs) - 1]["bytes"] == SIZE
    assert done["recovery_points"][1]["bytes"] == SIZE


def test_a_slow_copy_runs_before_it_waits(rehearsal, device):
    """The first copy is a running job until its time is over; then it waits for the device."""
    fault(rehearsal, "slow-copy", hours=8)
    begun = agent(rehearsal, "start-copy", device=device)["jobs"][-1]
    half = later(rehearsal, 4)["jobs"][-1]
    again = agent(rehearsal, "start-copy", device=device)["jobs"]
    done = later(rehearsal, 5)["jobs"][0]

    assert begun["status"] == "running" and 0 < half["bytes"] < done["bytes"] and len(again) == 1
    assert done["text"] == "Waiting for Azure Data Box job to be completed"


def test_an_agent_without_its_app_says_so_at_every_backup_until_it_is_mended(rehearsal, landed):
    """Each backup fails with the documented words; after the repair they go on."""
    fault(rehearsal, "cannot-authenticate")
    told = [kind_of(read_answer(next_backup(rehearsal)).jobs[-1]) for _ in range(2)]
    fault(rehearsal, "backups-mended")

    assert told == ["cannot-authenticate", "cannot-authenticate"]
    assert kind_of(read_answer(next_backup(rehearsal)).jobs[-1]) == "done"


def test_a_backup_fails_with_any_words_once(rehearsal, landed):
    """For the texts of the fault catalogue."""
    fault(rehearsal, "backup-fails", text="The encryption passphrase is not as it was. (ID: 34506)")

    assert next_backup(rehearsal)["jobs"][-1]["text"].endswith("(ID: 34506)")
    assert next_backup(rehearsal)["jobs"][-1]["text"] == "Job Completed"


def test_files_that_could_not_be_read_are_listed_until_the_next_backup(rehearsal, landed):
    """A warning with their names and reasons."""
    fault(rehearsal, "files-fail", paths=["D:\\a.docx", "D:\\b.docx"], reason="0x80070005")
    failed = next_backup(rehearsal)

    assert failed["jobs"][-1]["status"] == "warning"
    assert failed["failed_files"] == [{"path": f"D:\\{n}.docx", "reason": "0x80070005"} for n in "ab"]
    assert next_backup(rehearsal)["failed_files"] == []


def test_a_seed_may_land_short(rehearsal, device):
    """Its recovery point holds a fraction of the bytes."""
    agent(rehearsal, "start-copy", device=device)
    rehearsal.sent("seed-berlin")
    rehearsal.ingested("seed-berlin")
    fault(rehearsal, "seed-lands-short", percent=10)

    assert next_backup(rehearsal)["recovery_points"][0]["bytes"] < SIZE // 5


def test_a_paused_schedule_names_no_next_run_until_it_is_on_again(rehearsal, landed):
    """Nothing runs meanwhile."""
    fault(rehearsal, "schedule-off")
    paused = later(rehearsal, 72)
    fault(rehearsal, "schedule-on")

    assert paused["schedule"]["enabled"] is False and paused["schedule"]["next_run"] is None
    assert len(next_backup(rehearsal)["jobs"]) == len(paused["jobs"]) + 1


def test_a_server_that_is_off_prints_nothing(rehearsal, landed):
    """No document, exit code 1, a word on standard error; it answers again once it is on."""
    fault(rehearsal, "server-off")
    command = [sys.executable, "-m", "deploy.rehearsal.agent", "facts", "--office", "berlin"]
    door = ["--control", rehearsal.known["control"], "--ca", rehearsal.known["ca"]]
    silent = subprocess.run([*command, *door], capture_output=True, text=True)
    fault(rehearsal, "server-on")

    assert (silent.returncode, silent.stdout) == (1, "") and "does not answer" in silent.stderr
    assert agent(rehearsal)["server"] == "BERLIN-BACKUP"


def test_a_server_may_be_old_or_renamed(rehearsal, landed):
    """Its documents say so; the vault keeps the name it registered."""
    fault(rehearsal, "agent-version", version="2.0.8700.0")
    fault(rehearsal, "server-renamed", server="BERLIN-NEW")
    facts = agent(rehearsal)

    assert facts["server"] == "BERLIN-NEW"
    assert {"name": "mars", "version": "2.0.8700.0"} in facts["products"]


def test_the_device_is_looked_at_when_its_path_is_given(rehearsal, device):
    """Seen with its folder for page blobs; a folder that is no device is named."""
    seen = agent(rehearsal, device=device)["device"]
    other = agent(rehearsal, device=device.parent)["device"]

    assert (seen["found"], seen["page_blobs"], seen["trap"]) == (True, True, "")
    assert not other["page_blobs"] and "no device was detected" in other["trap"]


def test_times_are_the_worlds(rehearsal, landed):
    """A document is dated by the simulated clock."""
    assert abs(datetime.fromisoformat(agent(rehearsal)["at"]) - rehearsal.control.now()) < timedelta(seconds=2)
