"""Faults 1 to 18: of the plan and of the order, before a device is there."""

from __future__ import annotations

from states.faults.fault import Fault as F

_SEED = "offline-backup-azure-data-box-dpm-mabs"
_FAQ, _ORDER = "data-box-faq", "data-box-deploy-ordered"

# fmt: off
BEFORE = (
    F(1, "plan", "the seed is larger than one disk", "a seed is never split over Data Box Disks", "refuse",
      ("item-too-large", "plan-too-large"), _SEED),
    F(2, "plan", "the seed is larger than any device", "no such device is offered for seeding", "refuse",
      ("item-too-large",), _SEED),
    F(3, "plan", "five disks together would hold the source", "room counts disk by disk for a seed", "refuse",
      ("item-too-large",), _SEED),
    F(4, "plan", "a Data Box 80 cannot be ordered", "retired in most countries on 31 May 2025", "refuse",
      ("sku-retired",), "data-box-retirement"),
    F(5, "plan", "no service for this pair of country and region", "devices stay within a border", "refuse",
      ("border", "region-unknown", "order-refused"), _FAQ),
    F(6, "plan", "Azure refuses the order", "the subscription's offer, or the role, does not allow it", "mend",
      ("order-refused", "not-allowed"), _ORDER),
    F(7, "plan", "Azure has no slot for another order", "five active orders of a product and boundary", "wait",
      ("waits-for-slot",), _FAQ),
    F(8, "plan", "the storage account is of the wrong kind", "the agent needs page blobs, and not every kind has them",
      "mend", ("storage-account",), _SEED),
    F(9, "plan", "vault and order are in different subscriptions", "the order must be in the vault's", "refuse", (),
      _SEED, unseen="cannot be planned: an office has one subscription, for vault and order alike"),
    F(10, "plan", "making the import job fails at the very end", "the provider Microsoft.DataBox is not registered",
      "mend", ("providers", "not-allowed"), "backup-azure-backup-server-import-export", inferred=True),
    F(11, "plan", "the backup agent is too old", "the interfaces that old agents use are switched off", "mend",
      ("agent-version",), "backup-azure-backup-import-export"),
    F(12, "plan", "DPM 2019 or MABS v3 without update rollup", "they use publish settings, which are gone", "mend",
      ("agent-version",), "offline-backup-server-previous-versions"),
    F(13, "plan", "system state is to be seeded", "no agent seeds it", "refuse", ("item-kind",), _SEED),
    F(14, "plan", "a MARS volume is larger than 54,400 GB", "the agent's limit for a volume", "mend", ("mars-volume",),
      "backup-support-matrix-mars-agent"),
    F(15, "order", "the order stays Ordered for weeks", "no device in stock; after 90 days Azure cancels", "wait",
      ("order-delayed", "order-expires"), _FAQ),
    F(16, "order", "the order is cancelled and nobody of ours did it", "the 90 days, or an error of the service",
      "again", ("order-cancelled",), _FAQ),
    F(17, "order", "the address is wrong after dispatch", "it can be changed only before", "support", (),
      "data-box-portal-admin", unseen="an address that exists and is the wrong one looks like any other; "
      "Azure's own check of it runs before the order"),
    F(18, "order", "the order can no longer be cancelled", "Data Box: processed; Disk: dispatched", "wait", (),
      "data-box-portal-admin", guard="the_order_can_be_cancelled"),
)
# fmt: on
