"""The forms that people fill in the Prefect UI, one class per answer: titles, help texts, choices, what is refused.

A form's class becomes the parameter schema of a deployment; the UI draws it and the server holds every answer against
it. What an answer then means for a run stands in tasks/answers.py, for the forms and for the command line alike.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from states.conditions import CATALOGUE

_LINE = r"^[^\u0000-\u001f\u007f-\u009f\u2028\u2029]+$"  # one line of any script
_RUN = r"^[A-Za-z0-9][A-Za-z0-9/_.-]*$"
Line = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=_LINE)]
Serial = Annotated[str, StringConstraints(min_length=2, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]*$")]


class Form(BaseModel):
    """What every answer says: about which run, and who says it."""

    model_config = ConfigDict(extra="forbid")

    run: Annotated[str, StringConstraints(min_length=2, max_length=80, pattern=_RUN)] = Field(
        title="Run or office", description="A run's id such as sydney/2026-11, or the office's id when it has one run."
    )
    by: Line = Field(title="Your name", description="Who saw or decided this. It goes into the run's record.")


class Delivered(Form):
    """The device has arrived at the office."""

    serial: Serial = Field(title="Serial number", description="As printed on the label of the device itself.")
    intact: bool = Field(True, title="Intact", description="Neither the device nor its packaging is damaged.")


class Attached(Form):
    """Own drives are attached and may be formatted."""

    serials: list[Serial] = Field(
        min_length=1, max_length=10, title="Drives", description="The serial numbers of the drives that may be erased."
    )
    erase: Literal["erase everything on these drives"] = Field(
        title="Go ahead", description="Formatting cannot be taken back."
    )


class Prepared(Form):
    """Prepare to ship ended without errors, or the disks were removed safely."""

    reference: str = Field(
        "", max_length=80, title="Reference number", description="What the device's local web page shows at the end."
    )


class HandedOver(Form):
    """The carrier has taken the device or the parcel."""

    carrier: Line = Field(title="Carrier", description="The carrier's name, such as UPS or DHL.")
    tracking: str = Field(
        "", max_length=60, title="Tracking number", description="From the carrier's receipt. Own drives need it."
    )
    gate_code: str = Field(
        "", max_length=60, title="Gate code", description="Only where the datacenter wants one on the parcel."
    )


class Restored(Form):
    """A file of the sample was restored from the vault by hand."""

    file: Line = Field(title="File", description="The item and the path in it, as the run's page lists it: ITEM/PATH.")
    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9A-Fa-f]{64}$")] = Field(
        title="SHA-256", description="Of the restored file, as `Get-FileHash` prints it."
    )


class Waive(Form):
    """A condition shall not stop the run."""

    code: str = Field(
        title="Condition",
        description="The code of the condition that stands on the run.",
        json_schema_extra={"enum": [*sorted(CATALOGUE)]},
    )
    reason: Line = Field(title="Reason", description="Why this may be left as it is.")


class Hold(Form):
    """Stop the run where it is."""

    reason: Line = Field(title="Reason", description="Why. Deadlines go on, and so do looks at the world.")


class Resume(Form):
    """Clear a hold and every condition that blocks, and try again."""

    reason: str = Field("", max_length=300, title="What was mended", description="It goes into the record.")


class Cancel(Form):
    """Cancel the run and its order, while Azure allows it."""

    reason: Line = Field(title="Reason", description="Azure is told, too.")
    how: Literal["cancel the order", "give the run up, leave Azure as it is"] = Field(
        "cancel the order", title="How", description="Neither can be taken back."
    )


class Reorder(Form):
    """Order another device: the present one is lost, damaged, or was not ingested whole."""

    reason: Line = Field(title="Reason", description="The device on its way stays yours to return.")


class Reopen(Form):
    """Go back to the copy before the device leaves the office."""

    reason: Line = Field(title="Reason", description="What must be copied again.")


class StopJob(Form):
    """Stop the online job that the backup agent runs now."""

    stop: Literal["stop the online job that runs now"] = Field(
        title="Go ahead", description="The brake against a full upload. The agent's schedule starts the next job."
    )


class ApproveClose(Form):
    """Release what the finished run left behind."""

    release: Literal["release what is left behind"] = Field(
        title="Go ahead", description="The order's record and the seed's left-overs are deleted; that is for good."
    )
