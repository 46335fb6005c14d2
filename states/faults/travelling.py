"""Faults 62 to 72 and 106: on the way to the datacenter."""

from __future__ import annotations

from states.faults.fault import Fault as F

_STATUS, _SHIP, _FAQ = "storage-import-export-view-drive-status", "data-box-disk-deploy-picked-up", "data-box-faq"

# fmt: off
TRAVELLING = (
    F(62, "ship", "no tracking number within 14 days", "Azure deletes such an import job", "again",
      ("import-job-gone", "parcel-not-announced"), _STATUS),
    F(63, "ship", "shipped for more than 14 days", "lost, a wrong address, a missing Inbound ID", "support",
      ("drive-not-received", "parcel-overdue"), _STATUS),
    F(64, "ship", "two jobs in one box, or one number for two", "one job, one parcel", "mend", ("parcel-number-taken",),
      "backup-azure-backup-server-import-export"),
    F(65, "ship", "the parcel is turned away at the gate", "Inbound ID, TAU code, return code or pass is missing",
      "mend", ("gate-code",), _SHIP),
    F(66, "ship", "the carrier wants to be paid", "the tracking number was not quoted", "mend", (), _SHIP,
      unseen="said at the counter; the question to the office names the number to quote"),
    F(67, "ship", "the label is lost, or the E-ink is blank", "another country, or shut down too early", "mend", (),
      _SHIP, unseen="on paper; the label is in the portal"),
    F(68, "ship", "returned to the nearest datacenter", "the label's address was not used", "support",
      ("parcel-overdue",), _FAQ),
    F(69, "ship", "the device is kept beyond the free days", "day fees; later a charge for a lost device", "mend",
      ("fees-begin", "device-due"), "data-box-hardware-additional-terms"),
    F(70, "ship", "the device is lost", "carrier or customer", "again", ("device-lost",), _FAQ),
    F(71, "ship", "the device's certificate is near its twelve months", "the device cannot be used afterwards", "mend",
      ("certificate-ends",), "data-box-certificate-expiration"),
    F(72, "ship", "the return account is not valid", "drives stay packed", "mend",
      ("drives-not-returned", "return-carrier"), _STATUS),
    F(106, "ship", "Picked up means that the customer fetched it", "with self-managed shipping the word is used twice",
      "refuse", (), "data-box-portal-customer-managed-shipping",
      unseen="self-managed shipping is not ordered by this product, so the word has one meaning"),
)
# fmt: on
