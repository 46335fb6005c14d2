"""The rehearsal's answers against the vendor's own schemas, every route in every stage of an order's life."""

from __future__ import annotations

import pytest
import swagger
from swagger import BACKUP, DATABOX, USAGES, VAULTS

pytestmark = pytest.mark.skipif(not swagger.available(), reason="the vendor's schemas are not on this machine")

G = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers"
S = "/subscriptions/{subscriptionId}/providers"
JOB = G + "/Microsoft.DataBox/jobs/{jobName}"
VAULT = G + "/Microsoft.RecoveryServices/vaults/{vaultName}"
ITEM = VAULT + "/backupFabrics/{fabricName}/protectionContainers/{containerName}/protectedItems/{protectedItemName}"
ADDRESS = {"streetAddress1": "1 Example Road", "city": "Berlin", "country": "DE", "postalCode": "10115"}
ACCOUNTS = [{"accountDetails": {"dataAccountType": "StorageAccount", "storageAccountId": "?"}}]
COMMON = {"deviceType": "DataBox", "transferType": "ImportToAzure"}
VALIDATIONS = [
    {"validationType": "ValidateAddress", "shippingAddress": ADDRESS, "deviceType": "DataBox"},
    {"validationType": "ValidateSubscriptionIsAllowedToCreateJob"},
    {"validationType": "ValidatePreferences", "deviceType": "DataBox"},
    {"validationType": "ValidateCreateOrderLimit", "deviceType": "DataBox"},
    {"validationType": "ValidateSkuAvailability", "country": "DE", "location": "westeurope", **COMMON},
    {"validationType": "ValidateDataTransferDetails", "dataImportDetails": ACCOUNTS, **COMMON},
]
REGION = {
    "scheduleAvailabilityRequest": {"storageLocation": "westeurope", "skuName": "DataBox"},
    "transportAvailabilityRequest": {"skuName": "DataBox"},
    "datacenterAddressRequest": {"storageLocation": "westeurope", "skuName": "DataBox"},
    "deviceCapabilityRequest": {"skuName": "DataBox"},
}
PLACE = S + "/Microsoft.DataBox/locations/{location}"
GROUP_PLACE = G + "/Microsoft.DataBox/locations/{location}"
SKUS_WANTED = {"transferType": "ImportToAzure", "country": "DE", "location": "westeurope"}

# Which file, verb, path of the swagger, and body; every answer must be 200 and keep its schema.
# fmt: off
DATABOX_ROWS = [
    ("GET",  JOB,                                          None),
    ("GET",  JOB + "?$expand=details",                     None),
    ("POST", JOB + "/listCredentials",                     None),
    ("GET",  G + "/Microsoft.DataBox/jobs",                None),
    ("GET",  S + "/Microsoft.DataBox/jobs",                None),
]
SERVICE_ROWS = [
    ("POST", PLACE + "/validateAddress",                   VALIDATIONS[0]),
    ("POST", PLACE + "/validateInputs",
     {"validationCategory": "JobCreationValidation", "individualRequestDetails": VALIDATIONS}),
    ("POST", GROUP_PLACE + "/validateInputs",
     {"validationCategory": "JobCreationValidation", "individualRequestDetails": VALIDATIONS}),
    ("POST", GROUP_PLACE + "/availableSkus",               SKUS_WANTED),
    ("POST", PLACE + "/regionConfiguration",               REGION),
    ("POST", GROUP_PLACE + "/regionConfiguration",         REGION),
    ("GET",  "/providers/Microsoft.DataBox/operations",    None),
]
VAULT_ROWS = [
    (BACKUP, VAULT + "/backupEngines"),
    (BACKUP, VAULT + "/backupProtectionContainers"),
    (BACKUP, VAULT + "/backupFabrics/{fabricName}/protectionContainers/{containerName}"),
    (BACKUP, VAULT + "/backupProtectedItems"),
    (BACKUP, ITEM),
    (BACKUP, ITEM + "/recoveryPoints"),
    (BACKUP, ITEM + "/recoveryPoints/{recoveryPointId}"),
    (BACKUP, VAULT + "/backupJobs"),
    (BACKUP, VAULT + "/backupJobs/{jobName}"),
    (BACKUP, VAULT + "/backupPolicies"),
    (BACKUP, VAULT + "/backupUsageSummaries"),
    (BACKUP, VAULT + "/backupconfig/vaultconfig"),
    (BACKUP, VAULT + "/backupstorageconfig/vaultstorageconfig"),
    (VAULTS, VAULT),
    (USAGES, VAULT + "/usages"),
]
# fmt: on


def keeps_its_schema(rehearsal, file, method, path, body=None, **names):
    """Send the request and compare the answer with the swagger; return the answer."""
    known = {"subscriptionId": rehearsal.known["subscription_id"], "resourceGroupName": rehearsal.group}
    known |= {"vaultName": rehearsal.vault_name, "location": rehearsal.known["location"], **names}
    concrete = path
    for name, value in known.items():
        concrete = concrete.replace("{" + name + "}", value.replace(";", "%3B"))
    status, answer, _ = rehearsal.raw(method, concrete, body)
    assert status == 200, answer
    schema = swagger.answer_schema(file, method, path.partition("?")[0], status)
    assert list(swagger.problems(file, schema, answer)) == []
    return answer


def seeded(rehearsal, kind, engine, sku, tmp_path):
    """An office whose seed has reached the vault, and its order."""
    (tmp_path / "f").write_bytes(b"x")
    (device,) = rehearsal.delivered("seed-berlin", sku)
    items = [{"name": "C-Data", "source": str(tmp_path), "daily_change_bytes": 10}]
    rehearsal.agent("configure", kind=kind, engine=engine, order="seed-berlin", device=device, items=items)
    rehearsal.agent("start-copy", kind=kind, device=device)
    rehearsal.sent("seed-berlin")
    rehearsal.ingested("seed-berlin")
    rehearsal.control.jump_until("online backup")
    rehearsal.control.jump_until("erased")


@pytest.mark.parametrize("sku", ["DataBox", "DataBoxDisk"])
def test_an_order_keeps_its_schema_in_every_stage(rehearsal, sku):
    """Ordered, prepared, under way, delivered, halted, over, erased: each read in every way there is."""
    rehearsal.control.add_faults({"world": "copy-halted", "job": "seed-berlin"})
    rehearsal.order("seed-berlin", sku)
    seen = set()
    while True:
        job = keeps_its_schema(rehearsal, DATABOX, "GET", JOB + "?$expand=details", jobName="seed-berlin")
        seen.add(job["properties"]["status"])
        for method, path, body in DATABOX_ROWS:
            too_early = job["properties"]["status"] == "DeviceOrdered" or job["properties"]["isDeletable"]
            if not (path.endswith("listCredentials") and too_early):
                keeps_its_schema(rehearsal, DATABOX, method, path, body, jobName="seed-berlin")
        if job["properties"]["error"]:
            rehearsal.databox.mitigate("seed-berlin", rehearsal.group, {"customerResolutionCode": "Resume"})
        if job["properties"]["status"] == "Delivered":
            rehearsal.sent("seed-berlin")
        if not rehearsal.control.jump_to_next():
            break

    assert len(seen) == 8


def test_a_cancelled_a_lost_and_a_delayed_order_keep_their_schema(rehearsal):
    """The unhappy shapes too."""
    for name in ("one", "two", "three"):
        rehearsal.order(name, "DataBoxDisk")
    rehearsal.databox.jobs.cancel(rehearsal.group, "one", {"reason": "x"})
    rehearsal.control.add_faults({"world": "device-lost", "job": "two"}, {"world": "delay", "job": "three", "days": 2})

    for name in ("one", "two", "three"):
        keeps_its_schema(rehearsal, DATABOX, "GET", JOB + "?$expand=details", jobName=name)


@pytest.mark.parametrize(("method", "path", "body"), SERVICE_ROWS, ids=lambda value: str(value)[-40:])
def test_a_service_keeps_its_schema(rehearsal, method, path, body):
    """Validation, SKUs, regions, operations."""
    text = {"storageAccountId": rehearsal.account_id}
    for entry in (body or {}).get("individualRequestDetails", []):
        for detail in entry.get("dataImportDetails", []):
            detail["accountDetails"].update(text)
    answer = keeps_its_schema(rehearsal, DATABOX, method, path, body)

    assert answer


@pytest.mark.parametrize(("kind", "engine", "sku"), [("mars", "dpm", "DataBoxDisk"), ("dpm", "dpm", "DataBox"),
                                                     ("dpm", "mabs", "DataBoxDisk")])  # fmt: skip
def test_the_vault_keeps_its_schema(rehearsal, kind, engine, sku, tmp_path):
    """Every route, for each backup product, with a recovery point and jobs in it."""
    seeded(rehearsal, kind, engine, sku, tmp_path)
    (item,) = rehearsal.backup.backup_protected_items.list(rehearsal.vault_name, rehearsal.group)
    parts = item.id.split("/")
    names = {"fabricName": parts[10], "containerName": parts[12], "protectedItemName": parts[14]}
    points = keeps_its_schema(rehearsal, BACKUP, "GET", ITEM + "/recoveryPoints", **names)["value"]
    jobs = keeps_its_schema(rehearsal, BACKUP, "GET", VAULT + "/backupJobs")["value"]
    for file, path in VAULT_ROWS:
        job = {"jobName": jobs[0]["name"], "recoveryPointId": points[0]["name"]}
        answer = keeps_its_schema(rehearsal, file, "GET", path, **names, **job)

        assert answer.get("value", [None]) != [] or "backupEngines" in path or "backupPolicies" in path
    engines = list(rehearsal.backup.backup_engines.list(rehearsal.vault_name, rehearsal.group))
    assert len(engines) == (kind == "dpm")
    assert rehearsal.vaults.vaults.get(rehearsal.group, rehearsal.vault_name).properties.provisioning_state


def test_errors_have_the_shape_of_arm(rehearsal):
    """Of both providers, and of the gateway."""
    missing = rehearsal.path + "/providers/Microsoft.DataBox/jobs/missing"
    for path in (missing, missing.replace("Microsoft.DataBox/jobs", "Microsoft.RecoveryServices/vaults"), "/nowhere"):
        status, answer, _ = rehearsal.raw("GET", path)

        assert status == 404 and set(answer["error"]) == {"code", "message", "target", "details"}


def test_the_checker_notices_what_is_wrong():
    """The alarm rings: an invented field, a wrong word, a wrong type, something missing, a bad subtype field."""
    schema = {"$ref": "#/definitions/JobResource"}
    good = {"location": "x", "sku": {"name": "DataBox"}, "properties": {"transferType": "ImportToAzure"}}
    stage = {"stageName": "Delivered", "stageStatus": "None", "stageTime": "2026-11-02T06:00:00.0000000+00:00"}
    details = {"jobDetailsType": "DataBoxDisk", "contactDetails": None, "jobStages": [stage]}

    def told(**properties):
        value = {**good, "properties": {**good["properties"], **properties}}
        return list(swagger.problems(DATABOX, schema, value))

    assert told() == [] and told(details=details) == []
    assert told(colour="blue") and told(isCancellable="yes") and told(status="Lost")
    assert told(details={**details, "devicePassword": "x"})
    assert told(details={**details, "jobStages": [{**stage, "stageStatus": "Fine"}]})
    assert told(details={**details, "jobStages": [{**stage, "stageTime": "yesterday"}]})
    assert list(swagger.problems(DATABOX, schema, {"sku": {"name": "DataBox"}}))
