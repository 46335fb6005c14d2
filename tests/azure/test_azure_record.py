"""The record of a job as it is kept for good: whole, the same for the same job, and without anything that opens."""

from __future__ import annotations

import json

from tasks.azure.record import LEFT_OUT, record_of

SECRETS = {
    "devicePassword": "S1-secret", "passkey": "S2-secret", "bitLockerKey": "S3-secret", "sharePassword": "S4-secret",
    "carrierAccountNumber": "S5-secret", "reverseShipmentLabelSasKey": "S6-secret", "chainOfCustodySasKey": "S7-secret",
    "erasureOrDestructionCertificateSasKey": "S8-secret", "secureErasureCertificateSasKey": "S9-secret",
    "accountConnectionString": "SA-secret", "reverseDCAccessCode": "SB-secret", "forwardDCAccessCode": "SC-secret",
}  # fmt: skip


def test_no_secret_member_of_the_api_is_kept_wherever_it_stands():
    """Each of them, in an object, in a list, under a serial number; that there was one is said."""
    job = {
        "properties": {"details": {**SECRETS, "importDiskDetailsCollection": {"WD-1": dict(SECRETS)}}},
        "x": [SECRETS],
    }
    kept = record_of(job).decode()

    assert "-secret" not in kept and kept.count(LEFT_OUT) == 3 * len(SECRETS)


def test_a_link_loses_what_gives_access_and_keeps_its_place():
    """Copy logs may be named by links with a signature."""
    kept = json.loads(record_of({"copyLogLink": "https://a.example/logs/x.xml?sv=1&sig=abc", "note": "a?b"}))

    assert kept == {"copyLogLink": "https://a.example/logs/x.xml", "note": "a?b"}


def test_everything_else_is_kept_and_the_same_job_gives_the_same_text():
    """Also members that are new to us, and whatever their order."""
    job = {
        "name": "leeds1",
        "properties": {"status": "Completed", "newMember": [1, None, {"a": True}], "bitLockerKey": None},
    }
    turned = {"properties": dict(reversed(job["properties"].items())), "name": "leeds1"}

    assert json.loads(record_of(job)) == job
    assert record_of(job) == record_of(turned)
