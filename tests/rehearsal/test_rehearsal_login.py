"""Signing in: the real azure-identity against the rehearsal's login, and what ARM refuses without it."""

from __future__ import annotations

from datetime import timedelta

import jwt
import pytest
from azure.core.exceptions import ClientAuthenticationError
from rehearsal_host import ARM_SCOPE

from deploy.rehearsal.ca import certificates, today
from deploy.rehearsal.home import Identity
from deploy.rehearsal.login import issue


def test_a_secret_credential_signs_in_for_arm_and_for_storage(rehearsal):
    """One credential opens both services, each with its own audience."""
    for scope in (ARM_SCOPE, "https://storage.azure.com/.default"):
        token = rehearsal.credential.get_token(scope)
        claims = jwt.decode(token.token, options={"verify_signature": False})

        assert claims["aud"] == scope.removesuffix("/.default")
        assert claims["iss"] == f"https://sts.windows.net/{rehearsal.known['tenant_id']}/"


def test_a_wrong_secret_is_refused_by_its_number(rehearsal):
    """The message carries the number an operator will search for."""
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        rehearsal.credential_with("wrong").get_token(ARM_SCOPE)


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_arm_answers_401_to_a_missing_or_broken_token(rehearsal, token):
    """In ARM's error shape and with a challenge, so that every client understands."""
    status, body, headers = rehearsal.raw("GET", rehearsal.path, token=token)

    assert status == 401
    assert body["error"]["code"] and body["error"]["message"]
    assert headers["WWW-Authenticate"].startswith("Bearer ")


def test_a_token_that_is_over_or_meant_for_storage_opens_nothing(rehearsal, tmp_path):
    """Time and audience are checked, not only the signature."""
    storage = rehearsal.credential.get_token("https://storage.azure.com/.default").token

    assert rehearsal.raw("GET", rehearsal.path, token=storage)[1]["error"]["code"].endswith("Audience")
    who = Identity()
    over = issue(who, "https://management.azure.com", timedelta(seconds=-1))
    with pytest.raises(jwt.ExpiredSignatureError):
        jwt.decode(over, who.token_key, algorithms=["HS256"], audience="https://management.azure.com")


def test_a_request_without_api_version_is_refused(rehearsal):
    """As ARM does; an unknown date is refused too."""
    assert rehearsal.raw("GET", rehearsal.path, version=None)[1]["error"]["code"] == "MissingApiVersionParameter"
    jobs = rehearsal.path + "/providers/Microsoft.DataBox/jobs"
    for version, status in (("2018-01-01", 200), ("2025-07-01", 200), ("2031-01-01", 400), ("soon", 400)):
        assert rehearsal.raw("GET", jobs, version=version)[0] == status


def test_somebody_elses_subscription_and_group_are_not_found(rehearsal):
    """Names are compared without case, and nothing else opens."""
    shouted = rehearsal.path.upper().replace("/SUBSCRIPTIONS/", "/Subscriptions/")

    assert rehearsal.raw("GET", shouted)[0] == 200
    assert rehearsal.raw("GET", "/subscriptions/00000000-0000-0000-0000-000000000000")[0] == 404
    assert rehearsal.raw("GET", rehearsal.path + "x")[1]["error"]["code"] == "ResourceGroupNotFound"


def test_every_answer_carries_the_headers_of_arm(rehearsal):
    """Support asks for the request id; throttling is visible before it hurts."""
    headers = {name.lower() for name in rehearsal.raw("GET", rehearsal.path)[2]}

    assert {"x-ms-request-id", "x-ms-correlation-request-id", "x-ms-routing-request-id"} <= headers
    assert "x-ms-ratelimit-remaining-subscription-reads" in headers


def test_certificates_are_kept_until_they_are_nearly_over(tmp_path):
    """A restart does not change the CA; a month before the end it does."""
    now = today()
    first = certificates(tmp_path, now).ca.read_bytes()

    assert certificates(tmp_path, now + timedelta(days=300)).ca.read_bytes() == first
    assert certificates(tmp_path, now + timedelta(days=350)).ca.read_bytes() != first
