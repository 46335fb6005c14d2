"""What Azure says of one of the customer's own drives, and what that means for the run: a row a word. Pure.

The words are Azure's copy states (CopyStatus of its API). For what the portal tells of keys and manifests the API has
no word of its own but OtherUserError; there the error's code decides, and its spelling is NOT VERIFIED.
"""

from __future__ import annotations

from dataclasses import dataclass

from states.facts import DriveCopy, JobSeen


@dataclass(frozen=True)
class Meaning:
    """What a word means: the condition it is for the run ("" for none), and what happened, for people."""

    code: str
    says: str


# fmt: off
MEANINGS = {
    "NotStarted":                     Meaning("",                   "its copy has not begun"),
    "InProgress":                     Meaning("",                   "it is being copied"),
    "Completed":                      Meaning("",                   "all of it was copied"),
    "CompletedWithErrors":            Meaning("drive-failed",       "some of its data was not copied"),
    "Failed":                         Meaning("drive-failed",       "nothing of it was copied"),
    "HardwareError":                  Meaning("drive-failed",       "the drive itself failed"),
    "DriveNotDetected":               Meaning("drive-failed",       "the datacenter's machine does not see it"),
    "DriveCorrupted":                 Meaning("drive-failed",       "the drive is corrupted"),
    "OtherServiceError":              Meaning("drive-failed",       "the service failed; Azure support knows more"),
    "UnsupportedDrive":               Meaning("drive-failed",       "the datacenter cannot read such a drive"),
    "UnsupportedData":                Meaning("drive-failed",       "the datacenter cannot import such data"),
    "OtherUserError":                 Meaning("drive-failed",       "the service blames the customer's side"),
    "DriveNotReceived":               Meaning("drive-not-received", "it did not arrive"),
    "NotReturned":                    Meaning("drive-not-received", "it was not sent"),
    "DeviceFormatted":                Meaning("drive-changed",      "it was formatted after it was prepared"),
    "DeviceMetadataModified":         Meaning("drive-changed",      "its metadata was changed after it was prepared"),
    "MetadataFilesModifiedOrRemoved": Meaning("drive-changed",      "its manifest was changed or removed"),
    "StorageAccountNotAccessible":    Meaning("copy-halted",        "the storage account could not be reached"),
}
ERRORS = (  # how the error's code begins, where the word is OtherUserError
    ("BitLocker", Meaning("drive-locked",  "the datacenter could not unlock it with the job's key")),
    ("Manifest",  Meaning("drive-changed", "its manifest cannot be read")),
)
# fmt: on
_OVER_FOR_GOOD = ("PreparingToShipFromAzureDC", "ShippedToCustomer")


def troubles_of(job: JobSeen) -> tuple[tuple[str, str], ...]:
    """Return (condition, detail) for each kind of trouble that the job's drives are in; a detail names the drives."""
    found: dict[str, list[str]] = {}
    for drive in job.drives:
        meaning = meaning_of(drive, job.stage)
        if meaning.code:
            word = f"{drive.status}, {drive.error}" if drive.error not in ("", drive.status) else drive.status
            found.setdefault(meaning.code, []).append(f"{drive.serial} ({word}): {meaning.says}")
    return tuple((code, f"import job {job.job_name}: {'; '.join(said)}") for code, said in found.items())


def meaning_of(drive: DriveCopy, stage: str) -> Meaning:
    """Return what a drive's word means while its job is in *stage*. A word that is new to us is told, not judged."""
    known = MEANINGS.get(drive.status)
    if known is None:
        return Meaning("order-stage-unknown", "a word this version does not know")
    if drive.status == "OtherUserError":
        return next((meaning for begin, meaning in ERRORS if drive.error.startswith(begin)), known)
    if known.code == "copy-halted" and (stage in _OVER_FOR_GOOD or stage.startswith("Completed")):
        return Meaning("drive-failed", f"{known.says} until the copy was given up")
    return known


def may_still_land(job: JobSeen) -> bool:
    """Say whether any drive of the job may still bring bytes: only then is it too early to send its share again."""
    if job.all_devices_lost:
        return False
    gone = ("DriveNotReceived", "NotReturned")
    return not job.drives or any(drive.status not in gone for drive in job.drives)
