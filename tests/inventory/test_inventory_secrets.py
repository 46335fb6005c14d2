"""No secret in an inventory, however it got there, and none repeated in a message."""

from __future__ import annotations

import base64
import hashlib

import pytest
from inventories import SOUND, found, problems_of, spoilt

KEY = base64.b64encode(hashlib.sha512(b"not a real key").digest()).decode()
LETTERS = hashlib.sha256(b"nor a real secret").hexdigest()
SECRETS = {
    "account key": KEY,
    "connection string": f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={KEY}",
    "sas": f"https://x.blob.core.windows.net/c?sv=2024-01-01&sig={LETTERS[:43]}%3D",
    "bitlocker": "-".join(["123453"] * 8),
    "client secret": f"abc8Q~{LETTERS[:34]}",
    "private key": "-----BEGIN " + "RSA PRIVATE KEY-----",
    "token": f"eyJ{LETTERS[:20]}.eyJ{LETTERS[:20]}.{LETTERS[:10]}",
    "prefect key": f"pnu_{LETTERS[:36]}",
    "url": "https://admin:" + "swordfish@backup.example",
    "password": "password=" + "swordfish",
}


@pytest.mark.parametrize("what", SECRETS)
def test_a_secret_is_refused_wherever_it_stands(tmp_path, what):
    """As a value, as a key, in a comment: one look at the line is enough."""
    secret = SECRETS[what]
    places = [
        spoilt("city: Perth", f"city: '{secret}'"),
        spoilt("city: Perth", f"city: Perth, ? '{secret}'\n"),
        spoilt("city: Perth, postal_code: \"6000\"}", f'city: Perth, postal_code: "6000"}}  # {secret}'),
    ]  # fmt: skip

    for text in places:
        assert ("secret", 8) in found(problems_of(tmp_path, text)), text


@pytest.mark.parametrize("what", SECRETS)
def test_a_secret_is_never_repeated(tmp_path, what):
    """Messages go to screens, logs and tickets."""
    problems = problems_of(tmp_path, spoilt("country: AU", f"country: '{SECRETS[what]}'"))

    assert "secret" in {problem.code for problem in problems}
    assert not any(SECRETS[what] in problem.message + problem.next for problem in problems)


@pytest.mark.parametrize(
    "line",
    ["password: x", "client_secret: x", "passkey: x", "storage_account_key: x", "sas: x", "bitlocker: x", "api-key: x"],
)
def test_a_place_for_a_secret_is_refused_whatever_it_holds(tmp_path, line):
    """A short password has no shape; the key's name gives it away. It is told once."""
    problems = problems_of(tmp_path, spoilt("    mode:", f"    {line}\n    mode:"))

    assert found(problems) == [("secret", 6)]


def test_a_password_on_a_command_line_is_refused(tmp_path):
    """What follows `--password` is one; a variable's name is none."""
    direct = spoilt("PER-DPM01", "PER-DPM01, command: [ask, --password, swordfish]")
    variable = spoilt("PER-DPM01", "PER-DPM01, command: [ask, --password, $AGENT_PASSWORD]")

    assert found(problems_of(tmp_path, direct)) == [("secret", 10)]
    assert problems_of(tmp_path, variable) == ()


def test_names_of_variables_are_the_way(tmp_path):
    """What the message advises is accepted; a value in its place is not."""
    named = SOUND.replace("vault: contoso-vault", "vault: v2\n      credential: {client_secret_env: MY_SECRET}")
    valued = named.replace("MY_SECRET", "swordfish")

    assert problems_of(tmp_path, named) == ()
    assert [problem.code for problem in problems_of(tmp_path, valued)] == ["bad-value"]


def test_what_the_search_does_not_catch(tmp_path):
    """A password that looks like a word, in a harmless place, passes. Nobody can tell it from a street."""
    assert problems_of(tmp_path, spoilt("1 Quay", "swordfish")) == ()
