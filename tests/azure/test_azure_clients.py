"""Settings and clients: once per process, no secret in sight, the wire as configured."""

from __future__ import annotations

import pytest
from azure.identity import ClientSecretCredential, DefaultAzureCredential, ManagedIdentityCredential
from scripted_azure import SUBSCRIPTION, Answer, PatientTransport, clients_of

from tasks.azure.clients import AzureClients, AzureSettings, build_credential, wire_options
from tasks.azure.errors import ours
from tasks.errors import InvalidInput, Transient

TENANT = "99999999-8888-7777-6666-555555555555"


def secret_settings(**more):
    return AzureSettings(credential="client-secret", tenant_id=TENANT, client_id="app", **more)


def test_printing_settings_shows_no_secret():
    """A settings value may be logged."""
    settings = secret_settings(client_secret=lambda: "hunter2")

    assert "hunter2" not in repr(settings) and "lambda" not in repr(settings)


def test_a_secret_comes_from_the_named_variable_or_the_callable():
    """The variable's name is a setting; its value is read when the credential is built, and the callable wins."""
    named = secret_settings(client_secret_env="SEEDING_SECRET")
    read = []

    def secret() -> str:
        read.append("once")
        return "from-a-block"

    assert isinstance(build_credential(named, {"SEEDING_SECRET": "x"}), ClientSecretCredential)
    assert isinstance(build_credential(secret_settings(client_secret=secret), {}), ClientSecretCredential)
    assert read == ["once"]


def test_an_empty_secret_names_the_variable():
    """The operator learns which variable to set."""
    with pytest.raises(InvalidInput, match="environment variable SEEDING_SECRET"):
        build_credential(secret_settings(client_secret_env="SEEDING_SECRET"), {})


@pytest.mark.parametrize("wrong", [{"authority": "http://login.example"}, {"tenant_id": "no/tenant"}])
def test_a_setting_the_sdk_refuses_is_invalid_input(wrong):
    """An authority without https or an impossible tenant is ours to say, not a stack trace."""
    settings = AzureSettings(**{"credential": "client-secret", "tenant_id": TENANT, "client_id": "app", **wrong})

    with pytest.raises(InvalidInput, match="not usable"):
        build_credential(settings, {"AZURE_CLIENT_SECRET": "x"}).get_token("https://x/.default")


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        (AzureSettings(), DefaultAzureCredential),
        (AzureSettings(client_id="mine"), DefaultAzureCredential),
        (AzureSettings(credential="managed-identity"), ManagedIdentityCredential),
        (AzureSettings(credential="managed-identity", client_id="mine"), ManagedIdentityCredential),
    ],
)
def test_every_kind_of_credential_can_be_built(settings, kind):
    """Building contacts nobody."""
    assert isinstance(build_credential(settings, {}), kind)


def test_a_workload_identity_reads_its_token_from_a_file(tmp_path):
    """The federated token's file is a setting."""
    settings = AzureSettings("workload-identity", TENANT, "app", token_file=str(tmp_path / "token"))

    assert build_credential(settings, {})


def test_clients_are_built_once_and_shared(azure):
    """One client per subscription and per account, whether it is named by name or by id."""
    clients = clients_of(azure)

    assert clients.databox(SUBSCRIPTION) is clients.databox(SUBSCRIPTION)
    assert clients.databox(SUBSCRIPTION) is not clients.databox("another")
    assert clients.blobs("acct") is clients.blobs("/subscriptions/s/resourceGroups/g/providers/x/y/acct")
    clients.close()
    clients.close()


def test_the_credential_is_built_once():
    """All clients share one credential, and so one token cache."""
    clients = AzureClients(secret_settings(client_secret=lambda: "x"))

    assert clients.credential() is clients.credential()


def test_timeouts_and_ca_are_told_to_every_client():
    """Seconds and the CA file; without a CA file the usual one is used."""
    assert wire_options(AzureSettings()) == {"connection_timeout": 10, "read_timeout": 60}
    assert wire_options(AzureSettings(ca_file="ca.pem"))["connection_verify"] == "ca.pem"


def test_the_storage_version_is_pinned(azure):
    """The newest version is ahead of the emulator, so ours is a setting."""
    assert clients_of(azure).blobs("acct").api_version == "2026-06-06"


@pytest.mark.parametrize(("kind", "after_seconds"), [("client-secret", 3600), ("default", None)])
def test_a_login_that_wants_an_hour_of_peace_does_not_hold_a_pass_for_an_hour(azure, monkeypatch, kind, after_seconds):
    """The SDK would sleep through it, inside the pass; a short wait it may sleep."""
    for name, value in {"TENANT_ID": TENANT, "CLIENT_ID": "app", "CLIENT_SECRET": "x"}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    busy, short = (Answer(429, "", {"Retry-After": seconds}) for seconds in ("3600", "2"))
    azure.on("GET", "openid-configuration", short, busy)
    settings = AzureSettings(kind, TENANT, "app", authority="https://login.example", instance_discovery=False)
    clients = AzureClients(settings, transport=PatientTransport(azure))

    with pytest.raises(Transient, match="3600 seconds") as told, ours("sign in"):
        clients.credential().get_token("https://management.azure.com/.default")

    assert azure.slept == [2.0] and told.value.after_seconds == after_seconds
