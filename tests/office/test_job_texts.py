"""The words of jobs: each text of the fault catalogue has its class, whatever its status says."""

from __future__ import annotations

import pytest

from tasks.office.job_texts import STATUSES, TEXTS, classify, explained, reading_of

# fmt: off
KNOWN = [
    ("waiting",             "Waiting for Azure Data Box job to be completed"),
    ("waiting",             "waiting for azure databox job to be completed."),
    ("waiting",             "Waiting for Azure Import job to finish"),
    ("waiting",             "Waiting for Azure Import Job to complete. Please check on Azure Management portal for "
                            "more information on job status"),
    ("cannot-authenticate", "Unable to make service calls to Azure that are required to query Import Job status and "
                            "move backup data into the Recovery Services Vault. ID: 100230"),
    ("cannot-authenticate", "… could not be uploaded to Azure … ID 100242"),
    ("cannot-authenticate", "Update to existing credential with KeyId 'x' is not allowed"),
    ("failed",              "The current operation failed because another job was in progress."),
    ("failed",              "230006: server not provisioned in the stamp"),
    ("failed",              "ID 34506"),
    ("failed",              "0x1FC07"),
    ("failed",              "Invalid vault credentials provided. ID: 34513"),
    ("failed",              "SalLowDiskSpace"),
    ("failed",              "SalChangeTrackerInitialization"),
    ("failed",              "There is not enough space on the disk."),
    ("failed",              "The replica is inconsistent with the data source."),
    ("failed",              "Your Azure subscription has expired"),
    ("failed",              "The seed was not found in the storage account: srv-data/seed-0001.vhd"),
    ("failed",              "The network path was not found"),
    ("paused",              "Online backups are paused"),
    ("stopped",             "The job was cancelled by the user."),
]
# fmt: on


@pytest.mark.parametrize(("means", "text"), KNOWN, ids=[text[:40] for _, text in KNOWN])
def test_a_known_text_is_never_taken_for_success(means, text):
    """Not even when the job calls itself completed, running or by a word nobody knows."""
    for status in (*STATUSES, "Completed", "Warning", "whatever"):
        assert classify(status, text) == means


@pytest.mark.parametrize("status", sorted(STATUSES))
def test_without_a_known_text_the_status_speaks(status):
    """In any case of its letters; a text nobody knows changes nothing."""
    assert classify(f" {status.upper()} ", "") == classify(status, "0x80070570 on 3 files") == STATUSES[status]


def test_an_unknown_status_is_a_failure():
    """Somebody looks, and nothing is taken for done."""
    assert classify("", "") == classify("Suspended", "") == "failed"


def test_every_row_of_the_table_is_met_by_a_known_text():
    """A row that no text above reaches would be dead, or shadowed by an earlier one."""
    met = {id(reading_of(text)) for _, text in KNOWN}
    more = [
        "AADSTS7000222: the client secret is expired",
        "VSS reported an error",
        "server not connected to Azure for 16 days",
    ]
    met |= {id(reading_of(text)) for text in more}

    assert [row.pattern.pattern for row in TEXTS if id(row) not in met] == []


def test_a_text_is_told_with_what_is_behind_it():
    """For people; an unknown text stays as it is."""
    assert explained("ID 34506") == "ID 34506 (the passphrase or the scratch folder is not as it was)"
    assert explained("all well") == "all well" and explained("") == ""
