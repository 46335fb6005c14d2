"""The first copy by a product with a console: its one good end is waiting; else a person gets the steps."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
from office_plans import SAMPLES, plan_of, printing, work_of

from states.plan import Item, OwnDisk
from tasks.errors import NotYet
from tasks.office.agent import AgentRefuses, Witness
from tasks.office.console import ConsoleAgent
from tasks.office.files import FilesAgent
from tasks.office.place import place_of
from tasks.office.steps import wizard_steps

WAITS = json.loads((SAMPLES / "dpm" / "03-copy-waits.json").read_text("utf-8"))["document"]
REFUSAL = json.loads((SAMPLES / "broken" / "refusal.json").read_text("utf-8"))["printed"]


@pytest.fixture
def plan():
    return plan_of("dpm", items=(Item("file-server", 900, vault_item="D:\\"),))


def written(root, *folders):
    """Return the answer to start-copy: one image in each of *folders* of the device at *root*."""
    document = deepcopy(WAITS)
    images = [
        {"path": str(root / folder / "seed-1.vhd"), "container": "c", "blob": "seed-1.vhd", "bytes": 512}
        for folder in folders
    ]
    failed = [{"path": "D:\\a", "reason": "0x80070020"}]
    document["items"] = [{"name": "d:\\", "source_bytes": None, "images": images, "failed_files": failed}]
    return document


def copy(plan, folder, text):
    agent = ConsoleAgent(Witness(printing(text, folder), ("dpm",)))
    return agent.copy(work_of(plan), place_of(work_of(plan), str(folder / "{serial}"), folder / "home"))


def test_a_waiting_job_is_the_end_of_the_copy(plan, tmp_path):
    """What lies on the device is told by the agent; a source size it does not tell is the plan's."""
    root = tmp_path / "DISK-0001"
    (item,) = copy(plan, tmp_path, json.dumps(written(root, "PageBlob/c"))).items

    assert (item.name, item.folder, item.files, item.bytes, item.source_bytes) == (
        "file-server",
        "PageBlob/c",
        1,
        512,
        900,
    )
    assert item.left_out == ("D:\\a: 0x80070020",)


@pytest.mark.parametrize("folders", [(), ("PageBlob/a", "PageBlob/b")])
def test_a_seed_that_lies_nowhere_or_in_two_folders_is_not_taken(folders, plan, tmp_path):
    """Nothing is guessed about the layout, which is not documented."""
    with pytest.raises(NotYet, match="one folder of"):
        copy(plan, tmp_path, json.dumps(written(tmp_path / "DISK-0001", *folders)))


def test_a_seed_elsewhere_is_not_taken(plan, tmp_path):
    """A path beside the device is not the device."""
    with pytest.raises(NotYet, match="elsewhere"):
        copy(plan, tmp_path, json.dumps(written(tmp_path / "elsewhere", "PageBlob/c")))


@pytest.mark.parametrize(
    ("status", "text", "error", "told"),
    [
        ("InProgress", "", NotYet, "still at work"),
        ("Completed", "", AgentRefuses, "ended as: done"),
        ("Failed", "ID 34506", AgentRefuses, "passphrase"),
        ("Completed", "ID: 100230", AgentRefuses, "certificate"),
    ],
)
def test_any_other_end_is_none(status, text, error, told, plan, tmp_path):
    """A job that completed without waiting did not go to the device."""
    document = written(tmp_path / "DISK-0001", "PageBlob/c")
    document["jobs"] = [{**document["jobs"][0], "status": status, "text": text, "ended": None}]

    with pytest.raises(error) as raised:
        copy(plan, tmp_path, json.dumps(document))
    assert told in raised.value.message


def test_one_job_that_still_runs_is_waited_for(plan, tmp_path):
    """Even when a later one waits already."""
    document = written(tmp_path / "DISK-0001", "PageBlob/c")
    runs = {**document["jobs"][0], "id": "r", "status": "InProgress", "text": "", "ended": None}
    document["jobs"] = [{**runs, "started": "2026-11-01T00:00:00Z"}, document["jobs"][0]]

    with pytest.raises(NotYet, match="still at work"):
        copy(plan, tmp_path, json.dumps(document))


def test_a_refusal_brings_the_steps_for_a_person(plan, tmp_path):
    """Server, menus, order and path are filled in, and the command that makes the run look again."""
    with pytest.raises(AgentRefuses) as refused:
        copy(plan, tmp_path, REFUSAL)

    assert "the offline method is not set" in refused.value.message
    for part in ("SYD-DPM01", "`Transfer using Microsoft owned disks`", "here0123", "DISK-0001", "`Online Protection`"):
        assert part in refused.value.next
    assert refused.value.next.endswith("then run `seeding resume here-2026-11`")


def test_own_disks_have_steps_of_their_own(tmp_path):
    """Staging, account, container and the name of the import job, as the wizard asks for them."""
    plan = plan_of("mars", "own-disk", own_disk=OwnDisk("S:\\Seed", "seed-nbo", (), "PC", "DHL"))
    steps = wizard_steps(work_of(plan), place_of(work_of(plan), "", tmp_path))

    for part in (
        "`Schedule Backup`",
        "`Transfer using my own disks`",
        "S:\\Seed",
        "seed-nbo",
        "here0123",
        "`Back Up Now`",
    ):
        assert part in steps


def test_a_data_box_is_detected_by_its_page_blob_share(tmp_path):
    """The share's name is the account's; on a disk it is the root."""
    work = work_of(plan_of("dpm", sku="DataBox"))

    assert "\\seedaccount_PageBlob" in wizard_steps(work, place_of(work, "\\\\10.0.0.5", tmp_path))


def test_a_folder_without_a_command_has_nobody_to_speak_for_it():
    """A files office without a command does not invent a schedule or points."""
    agent = FilesAgent(Witness(None, ("files",)))

    for ask in (agent.seen, agent.stop):
        with pytest.raises(NotYet, match="no command is set"):
            ask(work_of(plan_of("files")))
