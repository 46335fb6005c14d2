"""The error table, driven through the real SDK where an answer can cause the error, and redaction."""

from __future__ import annotations

import json
import pickle
import traceback

import pytest
import requests
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import ClientSecretCredential, CredentialUnavailableError
from scripted_azure import PLAN, Answer, PatientTransport, clients_of, refusal

from tasks.azure.clients import AzureClients, AzureSettings
from tasks.azure.databox import DataBoxOrders
from tasks.azure.errors import TABLE, ours
from tasks.errors import NotAllowed, NotFound, NotYet, Rejected, SeedingError, Transient
from tasks.redaction import redacted

NOW = "Mon, 02 Nov 2026 06:00:00 GMT"


def raised_by(azure, answer):
    """Read an order, and return what that answer makes of it."""
    azure.on("GET", "/jobs/syd1", answer)
    with pytest.raises(SeedingError) as told:
        DataBoxOrders(clients_of(azure, retry_total=0)).find(PLAN, "syd1")
    return told.value


@pytest.mark.parametrize("row", [row for row in TABLE if isinstance(row.key, str)], ids=lambda row: row.key)
def test_every_code_of_the_table_means_what_its_row_says(azure, row):
    """An error code decides, whatever HTTP status carries it and however it is spelled."""
    told = raised_by(azure, refusal(409, row.key.upper()))

    assert type(told) is row.kind and told.next == row.next


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, Rejected),
        (401, NotAllowed),
        (403, NotAllowed),
        (404, NotFound),
        (408, Transient),
        (409, Rejected),
        (412, Rejected),
        (429, Transient),
        (500, Transient),
        (502, Transient),
        (503, Transient),
        (504, Transient),
    ],
)
def test_a_code_nobody_knows_is_read_by_its_status(azure, status, kind):
    """Azure invents codes; the status still tells what to do."""
    told = raised_by(azure, refusal(status, "BrandNewCode", "a sentence"))

    assert type(told) is kind
    assert told.message == f"cannot read the order syd1: BrandNewCode HTTP {status}: a sentence"
    assert told.next


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(502, "<html>Bad Gateway</html>"), Transient),
        (Answer(403, "<html>blocked by the proxy</html>"), NotAllowed),
        (Answer(200, "<html>please log in to this network</html>", {"Content-Type": "application/json"}), Transient),
        (Answer(400, {"code": "Unwrapped", "message": "old shape"}), Rejected),
        (Answer(400, {"error": None}), Rejected),
        (requests.exceptions.ConnectionError("refused"), Transient),
        (requests.exceptions.ConnectTimeout("no answer"), Transient),
        (requests.exceptions.ReadTimeout("no answer"), Transient),
        (requests.exceptions.SSLError("certificate verify failed"), Transient),
        (requests.exceptions.ChunkedEncodingError("cut short"), Transient),
    ],
    ids=lambda value: str(getattr(value, "body", value))[:40],
)
def test_what_is_no_arm_error_is_understood_too(azure, answer, kind):
    """Proxies, captive portals, broken connections and old shapes end in one of our classes."""
    assert type(raised_by(azure, answer)) is kind


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "600"}, 600),
        ({"Retry-After": "Mon, 02 Nov 2026 06:02:00 GMT", "Date": NOW}, 120),
        ({"Retry-After": "Mon, 02 Nov 2026 05:00:00 GMT", "Date": NOW}, 0),
        ({"retry-after-ms": "20000"}, 20),
        ({"x-ms-retry-after-ms": "15000"}, 15),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Mon, 02 Nov 2026 06:02:00 GMT"}, None),
        ({}, None),
    ],
)
def test_azures_wish_to_wait_is_kept_in_seconds(headers, seconds):
    """Seconds, dates (against the answer's own date) and milliseconds; nonsense is no wish."""
    answer = type("Answered", (), {"status_code": 429, "headers": headers, "reason": "", "request": None})()
    error = AzureError("slow down")
    error.response = answer

    with pytest.raises(Transient) as told, ours("ask"):
        raise error
    assert told.value.after_seconds == seconds


def test_a_nonsense_retry_after_does_not_break_the_client(azure):
    """A header the SDK itself cannot parse still ends in one of our errors."""
    assert isinstance(raised_by(azure, Answer(429, "", {"Retry-After": "soon"})), Transient)


def test_the_request_id_is_told_for_azure_support(azure):
    """Support asks for it first."""
    told = raised_by(azure, refusal(400, "Odd", x_ms_request_id="77aa"))

    assert told.message.endswith("(Azure request 77aa)")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (CredentialUnavailableError("no identity endpoint"), NotAllowed),
        (ClientAuthenticationError("AADSTS7000215: Invalid client secret"), NotAllowed),
        (json.JSONDecodeError("Expecting value", "", 0), Transient),
        (AzureError("odd"), Rejected),
    ],
)
def test_errors_without_an_answer_are_in_the_table(error, kind):
    """Sign-in and decoding fail before there is a status."""
    with pytest.raises(kind, match="cannot sign in"), ours("sign in"):
        raise error


TENANT = "99999999-8888-7777-6666-555555555555"
LOGIN = {"issuer": f"https://login.example/{TENANT}/v2.0", "authorization_endpoint": "https://login.example/a"}


@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        (requests.exceptions.ConnectionError("unreachable"), Transient, "unreachable"),
        (Answer(503, "<html>busy</html>"), Transient, "JSON is invalid"),
        (Answer(500, {"error": "odd"}), Transient, "HTTP 500"),
        (Answer(400, {"error": "temporarily_unavailable"}), Transient, "temporarily_unavailable"),
        (Answer(400, {"error": "x", "error_description": "AADSTS90033: try again"}), Transient, "AADSTS90033"),
        (
            Answer(401, {"error": "x", "error_description": "AADSTS7000222: secret expired"}),
            NotAllowed,
            "AADSTS7000222",
        ),
    ],
    ids=str,
)
def test_a_login_that_is_down_is_not_a_login_that_is_refused(azure, answer, kind, words):
    """The SDK wraps both in one class; only a refusal is worth a person's time."""
    azure.on("GET", "openid-configuration", Answer(200, {**LOGIN, "token_endpoint": "https://login.example/token"}))
    azure.on("POST", "/token", answer)
    options = {"authority": "https://login.example", "disable_instance_discovery": True, "retry_total": 0}
    credential = ClientSecretCredential(TENANT, "app", "secret", transport=PatientTransport(azure), **options)

    with pytest.raises(kind, match=words), ours("sign in"):
        credential.get_token("https://management.azure.com/.default")


def test_our_own_errors_pass_untouched():
    """What is ours already is not wrapped again; a bug of ours is not disguised as Azure's."""
    with pytest.raises(NotYet, match=r"^mine$"), ours("ask"):
        raise NotYet("mine")
    with pytest.raises(KeyError), ours("ask"):
        raise KeyError("bug")


SECRETS = [
    ("https://a.blob.core.windows.net/c/b?sv=2026&sp=r&sig=abc%2Fdef", "abc%2Fdef"),
    ("the token sig=abcDEF123 was refused", "abcDEF123"),
    ("AccountKey=Zm9vYmFyYmF6cXV4;EndpointSuffix=x", "Zm9vYmFyYmF6cXV4"),
    ("Authorization: Bearer eyJhbGciOi.eyJzdWIiOi.c2ln", "eyJhbGciOi.eyJzdWIiOi.c2ln"),
    ("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl", "c2lnbmF0dXJl"),
    ('{"passKey": "hunter2hunter2"}', "hunter2hunter2"),
    ('{"devicePassword":"Hunter2!"}', "Hunter2!"),
    ("passkey is hunter2", "hunter2"),
    ("'client_secret': 'hunter2~x'", "hunter2~x"),
    ("client_secret=hunter2&scope=x", "hunter2"),
    ("key 123456-123456-123456-123456-123456-123456-123456-123456", "123456-123456"),
    ("key " + "A" * 86 + "==", "A" * 86),
    ('"bitLockerKey" : "654321"', "654321"),
]


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_no_secret_survives_redaction(text, secret):
    """Tokens, SAS queries, account keys, passkeys, passwords and recovery keys are hidden."""
    assert secret not in redacted(text) and "[hidden]" in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "The order syd1 cannot be cancelled in stage DevicePrepared.",
        "The Resource 'Microsoft.DataBox/jobs/syd1' under resource group 'seeding' was not found.",
        "The client '1111-2222' does not have authorization to perform action 'Microsoft.DataBox/jobs/read'",
    ],
)
def test_plain_sentences_stay_readable(text):
    """Redaction leaves what an operator needs."""
    assert redacted(text) == text


@pytest.mark.parametrize(("text", "secret"), SECRETS)
def test_no_secret_reaches_a_log_through_an_error(azure, text, secret):
    """Neither the message nor the printed traceback nor a pickled result of the error carries what Azure quoted."""
    azure.on("GET", "/jobs/syd1", refusal(400, "Odd", text))

    try:
        DataBoxOrders(clients_of(azure)).find(PLAN, "syd1")
    except SeedingError as told:
        printed = "".join(traceback.format_exception(told))
        kept = pickle.dumps(told).decode("latin-1")
    assert secret not in printed and secret not in kept


def test_a_missing_secret_is_a_setting_to_mend():
    """An incomplete credential is named before Azure is asked."""
    settings = AzureSettings(credential="client-secret", client_secret_env="NO_SUCH_VARIABLE_HERE")

    with pytest.raises(SeedingError, match="tenant_id, client_id, the environment variable NO_SUCH_VARIABLE_HERE"):
        AzureClients(settings).credential()
