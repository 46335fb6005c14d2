"""What ARM itself answers: the subscription, the resource group, the providers; and whose they are."""

from __future__ import annotations

from deploy.rehearsal.wire import Answer, ArmError, Ask, Route, same
from deploy.rehearsal.world import World


def check_scope(world: World, names: dict[str, str]) -> None:
    """Raise ArmError 404 for a subscription or resource group that is not this rehearsal's."""
    who = world.home.identity
    subscription, group = names.get("subscription"), names.get("rg")
    if subscription is not None and not same(subscription, who.subscription_id):
        raise ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription}' could not be found.")
    if group is not None and not same(group, who.resource_group):
        raise ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")


def subscription(world: World, ask: Ask) -> Answer:
    """Return the subscription."""
    who = world.home.identity
    body = {
        "id": f"/subscriptions/{who.subscription_id}",
        "subscriptionId": who.subscription_id,
        "tenantId": who.tenant_id,
        "displayName": "Rehearsal",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }
    return Answer(200, body)


def resource_group(world: World, ask: Ask) -> Answer:
    """Return the resource group."""
    who = world.home.identity
    body = {
        "id": f"/subscriptions/{who.subscription_id}/resourceGroups/{who.resource_group}",
        "name": who.resource_group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": who.location,
        "properties": {"provisioningState": "Succeeded"},
    }
    return Answer(200, body)


def provider(world: World, ask: Ask) -> Answer:
    """Return a resource provider's registration; the two that are needed are registered."""
    name = ask.names["provider"]
    known = name.casefold() in ("microsoft.databox", "microsoft.recoveryservices", "microsoft.storage")
    state = "Registered" if known else "NotRegistered"
    path = f"/subscriptions/{world.home.identity.subscription_id}/providers/{name}"
    return Answer(200, {"id": path, "namespace": name, "registrationState": state})


GROUP = "/subscriptions/{subscription}/resourceGroups/{rg}"
# fmt: off
ROUTES = (
    Route("GET", "/subscriptions/{subscription}",                                         subscription),
    Route("GET", GROUP,                                                                   resource_group),
    Route("GET", "/subscriptions/{subscription}/providers/{provider}",                    provider),
)
# fmt: on
