"""The findings about Azure: each check begins by breaking what it checks."""

from __future__ import annotations

import pytest
from azure.core.exceptions import ClientAuthenticationError
from scripted_azure import PLAN, Answer, PatientTransport, clients_of, refusal, xml_refusal

from tasks.azure.clients import AzureClients, AzureSettings
from tasks.azure.doctor import PROVIDERS, checks

CONTAINERS = "<EnumerationResults><Containers /><NextMarker /></EnumerationResults>"
GOOD = {
    r"/providers/[\w.]+\?": Answer(200, {"registrationState": "Registered"}),
    "/vaults/sydvault": Answer(200, {"id": "v", "name": "sydvault", "location": "Australia East"}),
    "/storageAccounts/sydseed": Answer(
        200, {"location": "australiaeast", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "properties": {}}
    ),
    "sydseed.blob.core.windows.net": Answer(200, CONTAINERS, {"Content-Type": "application/xml"}),
}


def findings(azure, **broken):
    for pattern, answer in {**GOOD, **{key: value for key, value in broken.get("of", {}).items()}}.items():
        azure.on("GET", pattern, answer)
    return checks(clients_of(azure, retry_total=0), PLAN)


def account(**changed):
    return Answer(200, {**GOOD["/storageAccounts/sydseed"].body, **changed})


def test_all_is_well(azure):
    """A ready subscription gives only good findings, about each thing that matters."""
    found = findings(azure)

    assert {finding.severity for finding in found} == {"ok"} and not any(finding.next for finding in found)
    assert {f.check for f in found} == {"credential", "providers", "vault", "storage-account", "storage-access"}
    assert len([finding for finding in found if finding.check == "providers"]) == len(PROVIDERS)


@pytest.mark.parametrize(
    ("pattern", "answer", "check", "words"),
    [
        (r"/providers/[\w.]+\?", Answer(200, {"registrationState": "NotRegistered"}), "providers", "NotRegistered"),
        (r"/providers/[\w.]+\?", Answer(200, "null"), "providers", "not registered"),
        ("/vaults/sydvault", refusal(404, "ResourceNotFound"), "vault", "sydvault"),
        ("/vaults/sydvault", Answer(200, {"location": "westeurope"}), "vault", "westeurope"),
        ("/storageAccounts/sydseed", account(location="westeurope"), "storage-account", "westeurope"),
        ("/storageAccounts/sydseed", account(kind="BlobStorage"), "storage-account", "BlobStorage"),
        ("/storageAccounts/sydseed", account(sku={"name": "Premium_LRS"}), "storage-account", "Premium_LRS"),
        ("/storageAccounts/sydseed", refusal(404, "ResourceNotFound"), "storage-account", "sydseed"),
        (
            "/storageAccounts/sydseed",
            account(properties={"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}),
            "storage-account",
            "datacenter cannot upload",
        ),
        ("sydseed.blob.core.windows.net", xml_refusal(403, "AuthorizationFailure"), "storage-access", "sydseed"),
    ],
)
def test_what_is_broken_is_found_with_a_next_step(azure, pattern, answer, check, words):
    """One thing broken: that check blocks, in words with a remedy, and the others still run."""
    found = findings(azure, of={pattern: answer})

    bad = [finding for finding in found if finding.severity != "ok"]
    assert {finding.check for finding in bad} == {check}
    assert all(words in finding.message and finding.next for finding in bad)
    assert {"credential", "providers", "vault", "storage-account", "storage-access"} == {f.check for f in found}


def test_without_a_login_nothing_else_is_asked(azure):
    """One finding, not five that all say the same."""

    class Locked:
        def get_token(self, *_scopes, **_options):
            raise ClientAuthenticationError("AADSTS7000222: the client secret expired")

    clients = AzureClients(AzureSettings(), credential=Locked(), transport=PatientTransport(azure))

    (only,) = checks(clients, PLAN)

    assert (only.check, only.severity) == ("credential", "blocks")
    assert "expired" in only.message and only.next and azure.asked == []
