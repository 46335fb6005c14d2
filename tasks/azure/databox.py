"""Device orders through the Azure Data Box API: the adapter behind `ports.Orders`.

Effects (order, pick-up, cancel, delete) are sent once: the SDK would send a POST again after a 500, 503 or 504, and
a box would be fetched twice. What became of an effect whose answer was lost is for the caller to look up.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.mgmt.databox import DataBoxManagementClient, models

from states.facts import JobSeen, PickupBooked
from states.plan import Plan
from tasks.azure import own_disks
from tasks.azure.clients import AzureClients
from tasks.azure.details import import_details, job_resource, shipping_address
from tasks.azure.errors import code_of, ours
from tasks.azure.record import record_of
from tasks.azure.seen import disk_serials, job_seen, mapping, moment, once, records, secret_serials, text
from tasks.azure.shared import Shared
from tasks.errors import InvalidInput, NotFound, NotYet, Rejected, Transient
from tasks.ports import Objection, OrderRequest

SENT_ONCE: dict[str, Any] = {"retry_total": 0}

BEFORE_DELIVERY = frozenset(
    {"Created", "DeviceOrdered", "DevicePrepared", "ReadyToDispatchFromAzureDC", "Dispatched"}
)  # fmt: skip
# Only these 404s say that the order is missing; others say that its resource group or subscription is.
ORDER_MISSING = frozenset({"resourcenotfound", "ssemusererrorentitynotfound"})


class DataBoxOrders:
    """Orders of the SKUs in `details.DETAILS`. Every method is one or two calls and never waits for the lifecycle."""

    def __init__(self, clients: AzureClients, shared: Shared | None = None) -> None:
        """Take the process's clients, and what the runs of one fleet pass share. Contacts nobody."""
        self._clients = clients
        self._shared = shared
        self._acted_on: set[str] = set()

    def objections(self, request: OrderRequest) -> tuple[Objection, ...]:
        """Return every objection of Azure's validators to address, inputs and SKU. Changes nothing.

        A check that Azure skipped is no objection. An import job may be asked about before it has drives. Raises
        InvalidInput for a SKU that is unknown here, and for a request that lacks something.
        """
        if request.disks or request.plan.sku != own_disks.SKU:
            job_resource(request)  # an order we cannot even write down is not worth a question
        with ours(f"validate the order {request.job_name}"):
            found = (*self._about_address(request), *self._about_inputs(request), *self._about_sku(request))
        if request.plan.sku != own_disks.SKU:
            return found
        return (*found, *own_disks.carrier_objections(request, self.return_carriers(request.plan)))

    def create(self, request: OrderRequest) -> None:
        """Place the order; returns as soon as Azure accepted it. Its job may take half a minute to be found.

        Raises AlreadyExists when the name is taken, Rejected with Azure's reason, Transient when the answer was
        lost: then the order may stand, so look with `find` before calling again.
        """
        body = job_resource(request)
        plan = request.plan
        self._acted_on.add(request.job_name)
        with ours(f"order {request.job_name}", own_disks.secrets_of(request)):
            # The PUT has been sent when this returns. The poller is left alone: it would wait, and choke on the
            # empty body of the 202.
            self._client(plan).jobs.begin_create(
                plan.resource_group, request.job_name, body, polling=False, **SENT_ONCE
            )

    def find(self, plan: Plan, job_name: str, known: JobSeen | None = None) -> JobSeen | None:
        """Return the job as Azure shows it now, or None when there is none of that name.

        In a fleet pass, a list of the group's jobs that still shows the job as it is *known* is enough. Whatever has
        changed, and whatever a list leaves out, is asked of the job itself. Raises NotFound when it is the resource
        group or the subscription that does not exist.
        """
        if known is not None and known == self._listed(plan, job_name):
            return known
        job = self._get(plan, job_name)
        return None if job is None else job_seen(job)

    def clock_gap(self) -> timedelta | None:
        """Return how far Azure's clock was ahead of ours in its last answers; None before there were enough."""
        return self._clients.gap.seen()

    def record(self, plan: Plan, job_name: str) -> bytes | None:
        """Return the whole job as JSON text, secrets and the access parts of links left out; None when it is gone."""
        job = self._get(plan, job_name)
        return None if job is None else record_of(job)

    def tags(self, plan: Plan, job_name: str) -> dict[str, str]:
        """Return the order's tags. Raises NotFound."""
        tags = mapping(self._must_get(plan, job_name), "tags")
        return {str(name): "" if value is None else str(value) for name, value in tags.items()}

    def tag(self, plan: Plan, job_name: str, tags: dict[str, str]) -> None:
        """Add these tags to the order's own; returns once accepted. Safe to call twice. Raises NotFound."""
        kept = self.tags(plan, job_name)
        self._acted_on.add(job_name)
        body = models.JobResourceUpdateParameter(tags={**kept, **tags})
        with ours(f"tag the order {job_name}"):
            self._client(plan).jobs.begin_update(plan.resource_group, job_name, body, polling=False, **SENT_ONCE)

    def serials(self, plan: Plan, job_name: str) -> tuple[str, ...]:
        """Return the serial numbers of the devices.

        Disks are named by the job itself where Azure fills that in; otherwise the order's secrets are read (Azure
        audits that) and dropped. Raises NotYet while they do not exist, NotFound without an order.
        """
        named = disk_serials(self._must_get(plan, job_name))
        found = named or once(self._serials_in_secrets(plan, job_name))
        if not found:
            raise NotYet(f"Azure names no device of the order {job_name} yet", next="the next pass looks again")
        return found

    def book_pickup(self, plan: Plan, job_name: str, start: datetime, end: datetime, location: str) -> PickupBooked:
        """Book the carrier between two aware times. Not idempotent: the caller keeps an intent.

        Raises NotYet before delivery, Rejected after the pick-up, NotFound without an order.
        """
        self._must_be_at_the_office(plan, job_name)
        self._acted_on.add(job_name)
        body = models.ShipmentPickUpRequest(start_time=start, end_time=end, shipment_location=location)
        with ours(f"book the pick-up of {job_name}"):
            jobs = self._client(plan).jobs
            answer = jobs.book_shipment_pick_up(plan.resource_group, job_name, body, **SENT_ONCE).as_dict()
        return PickupBooked(text(answer, "confirmationNumber"), moment(answer.get("readyByTime")))

    def mark_shipped(self, plan: Plan, job_name: str, carrier: str, tracking: str) -> None:
        """Tell Azure that own drives are on their way. Safe to call again with the same numbers.

        Raises Rejected when other numbers are on the job or it is over, InvalidInput without numbers, NotFound
        without a job, Transient when the answer was lost: calling again then looks first.
        """
        carrier, tracking = carrier.strip(), tracking.strip()
        if not carrier or not tracking:
            raise InvalidInput(
                f"cannot mark {job_name} as shipped without carrier and tracking number", next="ask the office for both"
            )
        if not own_disks.must_mark(self._must_get(plan, job_name), job_name, carrier, tracking):
            return
        sent = models.PackageCarrierInfo(carrier_name=carrier, tracking_id=tracking)
        body = models.MarkDevicesShippedRequest(deliver_to_dc_package_details=sent)
        self._acted_on.add(job_name)
        with ours(f"mark {job_name} as shipped"):
            # The SDK's order of arguments is the other way round here: the job first, then its group.
            self._client(plan).jobs.mark_devices_shipped(job_name, plan.resource_group, body, **SENT_ONCE)

    def return_carriers(self, plan: Plan) -> tuple[str, ...]:
        """Return the carriers Azure accepts for the way back from the plan's region; empty when it names none."""
        question = own_disks.carrier_question(plan.location, plan.sku)
        with ours(f"ask for the return carriers of {plan.location}"):
            service = self._client(plan).service
            answer = service.region_configuration_by_resource_group(plan.resource_group, plan.location, question)
            return own_disks.carriers_in(answer.as_dict())

    def cancel(self, plan: Plan, job_name: str, reason: str) -> None:
        """Cancel the order; an order that is cancelled already is left alone, so calling twice is safe.

        Raises Rejected when Azure says it is too late, NotFound without an order.
        """
        seen = job_seen(self._must_get(plan, job_name))
        if seen.stage == "Cancelled":
            return
        if not seen.cancellable:
            raise Rejected(
                f"cannot cancel {job_name}: Azure says that an order in stage {seen.stage} is not cancellable",
                next="let it arrive and return it empty, or ask Azure support",
            )
        self._acted_on.add(job_name)
        with ours(f"cancel {job_name}"):
            self._client(plan).jobs.cancel(
                plan.resource_group, job_name, models.CancellationReason(reason=reason), **SENT_ONCE
            )

    def delete(self, plan: Plan, job_name: str) -> None:
        """Delete the record of a finished order; returns once accepted. Safe to call twice.

        Raises Rejected while Azure says that the order is not deletable.
        """
        job = self._get(plan, job_name)
        if job is None:
            return
        if not job_seen(job).deletable:
            raise Rejected(
                f"cannot delete {job_name}: Azure says that it is not deletable in stage {job_seen(job).stage}",
                next="wait until it is completed or cancelled",
            )
        self._acted_on.add(job_name)
        with ours(f"delete {job_name}"):
            self._client(plan).jobs.begin_delete(plan.resource_group, job_name, polling=False, **SENT_ONCE)

    def _listed(self, plan: Plan, job_name: str) -> JobSeen | None:
        """Return the job as this pass's list of its group shows it; None where it does not, or is none the wiser.

        A list that was read before an effect of ours says nothing about what came of it.
        """
        group = ("jobs", plan.subscription_id, plan.resource_group)
        if self._shared is None or job_name in self._acted_on or self._shared.is_alone(group, job_name):
            return None
        return self._shared(group, lambda: self._list(plan)).get(job_name.casefold())

    def _list(self, plan: Plan) -> dict[str, JobSeen]:
        with ours(f"list the orders of {plan.resource_group}"):
            listed = self._client(plan).jobs.list_by_resource_group(plan.resource_group)
            seen = (job_seen(one.as_dict()) for one in listed)
            return {job.job_name.casefold(): job for job in seen}

    def _client(self, plan: Plan) -> DataBoxManagementClient:
        return self._clients.databox(plan.subscription_id)

    def _get(self, plan: Plan, job_name: str) -> dict[str, Any] | None:
        with ours(f"read the order {job_name}"):
            try:
                return self._client(plan).jobs.get(plan.resource_group, job_name, expand="details").as_dict()
            except ResourceNotFoundError as missing:
                if code_of(missing).lower() in ORDER_MISSING:
                    return None
                raise

    def _must_get(self, plan: Plan, job_name: str) -> dict[str, Any]:
        job = self._get(plan, job_name)
        if job is None:
            raise NotFound(
                f"there is no order {job_name} in the resource group {plan.resource_group}", next="run `seeding status`"
            )
        return job

    def _must_be_at_the_office(self, plan: Plan, job_name: str) -> None:
        try:
            seen = job_seen(self._must_get(plan, job_name))
        except Transient as failed:
            failed.maybe_done = False  # it was a look
            raise
        if seen.stage in BEFORE_DELIVERY:
            raise NotYet(
                f"cannot book the pick-up of {job_name}: it is in stage {seen.stage}", next="wait for its delivery"
            )
        if seen.status_of("PickedUp") == "Succeeded":
            raise Rejected(
                f"cannot book the pick-up of {job_name}: the carrier has it already", next="run `seeding status`"
            )

    def _serials_in_secrets(self, plan: Plan, job_name: str) -> Iterator[str]:
        with ours(f"read the device serials of {job_name}"):
            for credentials in self._client(plan).jobs.list_credentials(plan.resource_group, job_name):
                yield from secret_serials(credentials.as_dict())

    def _about_address(self, request: OrderRequest) -> Iterator[Objection]:
        question = models.ValidateAddress(
            shipping_address=shipping_address(request.address), device_type=request.plan.sku
        )
        answer = self._client(request.plan).service.validate_address(request.plan.location, question).as_dict()
        yield from _objected(mapping(answer, "properties"))

    def _about_inputs(self, request: OrderRequest) -> Iterator[Objection]:
        plan = request.plan
        answer = self._client(plan).service.validate_inputs_by_resource_group(
            plan.resource_group, plan.location, _questions(request)
        )
        properties = mapping(answer.as_dict(), "properties")
        found = [one for part in records(properties, "individualResponseDetails") for one in _objected(part)]
        if not found and text(properties, "status") == "InputsRevisitRequired":
            found = [Objection("InputsRevisitRequired", "Azure wants the order's inputs revised and names no field")]
        yield from found

    def _about_sku(self, request: OrderRequest) -> Iterator[Objection]:
        plan = request.plan
        question = models.AvailableSkuRequest(
            transfer_type=models.TransferType.IMPORT_TO_AZURE,
            country=request.address.country,
            location=plan.location,
            sku_names=[plan.sku],
        )
        offers = self._client(plan).service.list_available_skus_by_resource_group(
            plan.resource_group, plan.location, question
        )
        ours_only = [o.as_dict() for o in offers]
        yield from _sku_objections(plan.sku, [o for o in ours_only if text(mapping(o, "sku"), "name") == plan.sku])


def _questions(request: OrderRequest) -> models.CreateJobValidations:
    plan, way = request.plan, models.TransferType.IMPORT_TO_AZURE
    return models.CreateJobValidations(
        individual_request_details=[
            models.DataTransferDetailsValidationRequest(
                device_type=plan.sku, transfer_type=way, data_import_details=import_details(plan)
            ),
            models.SubscriptionIsAllowedToCreateJobValidationRequest(),
            models.SkuAvailabilityValidationRequest(
                device_type=plan.sku, transfer_type=way, country=request.address.country, location=plan.location
            ),
            models.CreateOrderLimitForSubscriptionValidationRequest(device_type=plan.sku),
            models.PreferencesValidationRequest(device_type=plan.sku),
        ]
    )


def _objected(part: Any) -> Iterator[Objection]:
    """One validator's verdict: `status`, or `validationStatus` for addresses. Ambiguous is not good enough to ship."""
    verdict = text(part, "validationStatus") or text(part, "status")
    if verdict in ("Invalid", "Ambiguous"):
        error, check = mapping(part, "error"), text(part, "validationType")
        known = ", ".join(text(a, "streetAddress1") for a in records(part, "alternateAddresses"))
        message = text(error, "message") or f"{check}: {verdict}" + (f"; Azure knows {known}" if known else "")
        yield Objection(text(error, "code") or f"{check}{verdict}", message, passes=check == "ValidateCreateOrderLimit")


def _sku_objections(sku: str, offers: list[dict[str, Any]]) -> Iterator[Objection]:
    if any(offer.get("enabled") for offer in offers):
        return
    why = mapping(offers[0], "properties") if offers else {}
    code = text(why, "disabledReason")
    yield Objection(
        f"SkuDisabled{code}" if code and code != "None" else "SkuNotOffered",
        text(why, "disabledReasonMessage") or f"Azure does not offer {sku} for this country and region",
    )
