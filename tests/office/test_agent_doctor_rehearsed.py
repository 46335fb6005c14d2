"""`seeding doctor --office` in a rehearsal: the stand-in agent and the embedded Azure, through the command's code."""

from __future__ import annotations

from deploy.cli.checking import doctor


def test_the_doctor_asks_agent_and_azure(journey):
    """Before the wizard is set nothing is protected yet; the version will do; Azure answers, too."""
    rows = doctor(journey.rehearsal.where.home, "sydney").data["findings"]
    found = {row["check"]: row for row in rows}

    assert found["sydney: agent"]["message"].startswith("SYD-DPM01 answers for dpm: dpm 10.22.148.0, mars 2.0.9262.0")
    assert found["sydney: agent-version"]["severity"] == "ok"
    assert "vault_item" in found["sydney: agent-items"]["next"]
    assert found["sydney: agent-schedule"]["severity"] == "blocks"
    assert found["sydney: credential"]["severity"] == "ok" and "sydney: vault" in found
    assert not any(row["check"].startswith("lyon") for row in rows)


def test_a_server_that_is_off_is_told_with_its_own_words(journey):
    """The stand-in prints nothing then, as a server would that nobody can reach."""
    journey.until("sydney", "delivered")
    journey.azure.control.add_faults({"world": "server-off", "office": "sydney"})
    rows = doctor(journey.rehearsal.where.home, "sydney").data["findings"]
    agent = next(row for row in rows if row["check"] == "sydney: agent")

    assert agent["severity"] == "blocks" and "SYD-DPM01 does not answer" in agent["message"]
