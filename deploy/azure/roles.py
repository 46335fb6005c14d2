"""roles.bicep, the custom roles of hub, office and auditor: written from the table of needs by `make docs`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.azure.needs import AUDITOR, HUB, NEEDS, OFFICE, SUBSCRIPTION, actions
from deploy.docs_tables import table as markdown

PUBLISHED = Path(__file__).with_name("roles.bicep")
ROLES = {
    HUB: "Orders, reads what arrived, deletes what a finished seed leaves. For the groups of order, account and vault.",
    SUBSCRIPTION: "The questions of the hub that Azure takes at a subscription only. Changes nothing.",
    OFFICE: "Reads and keeps the keys of own drives. For the Key Vault of that office alone, or for nothing at all.",
    AUDITOR: "Sees orders, vault and account as the hub does. Changes nothing and reads no data and no secret.",
}
HEAD = """// The product's roles in Azure: least privilege, one custom role per actor, and the hub's split by scope.
// Written from deploy/azure/needs.py by `make docs`; never edit it. docs/azure-roles.md says how to assign them.
// Not yet compiled or deployed: no Bicep and no subscription were at hand. Its structure is checked by a test.
targetScope = 'subscription'
"""


def text() -> str:
    """Return the file as it is published, ending in a line feed."""
    roles = "".join(_role(role, description) for role, description in ROLES.items())
    names = "".join(f"output {_symbol(role)}RoleId string = {_symbol(role)}.id\n" for role in ROLES)
    return f"{HEAD}{roles}\n{names}"


def table() -> str:
    """Return the table of docs/azure-roles.md: every call, what it needs, and whose role has that."""
    rows = [
        (f"`{n.method} {n.path}`", f"`{n.action}`" if n.roles else n.action, ", ".join(n.roles) or "-", n.why)
        for n in NEEDS
    ]
    return markdown(("call", "needs", "role", "for"), rows)


def _role(role: str, description: str) -> str:
    return f"""
resource {_symbol(role)} 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {{
  name: guid(subscription().id, 'offline-seeding', '{role}')
  properties: {{
    roleName: 'Offline Seeding {role} (${{subscription().displayName}})'
    description: '{description}'
    type: 'CustomRole'
    assignableScopes: [
      subscription().id
    ]
    permissions: [
      {{
        actions: {_list(actions(role, data=False))}
        notActions: []
        dataActions: {_list(actions(role, data=True))}
        notDataActions: []
      }}
    ]
  }}
}}
"""


def _list(values: tuple[str, ...]) -> str:
    inside = "".join(f"          '{value}'\n" for value in values)
    return f"[\n{inside}        ]" if values else "[]"


def _symbol(role: str) -> str:
    first, *more = role.split("-")
    return first + "".join(word.capitalize() for word in more)


def main(arguments: list[str] | None = None) -> int:
    """Write roles.bicep; with --check only compare, and return 1 when it is stale."""
    parser = argparse.ArgumentParser(prog="python -m deploy.azure.roles", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail when the file is stale")
    if not parser.parse_args(arguments).check:
        PUBLISHED.write_text(text(), encoding="utf-8", newline="\n")
    elif not PUBLISHED.is_file() or PUBLISHED.read_text("utf-8") != text():
        print("deploy/azure/roles.bicep is stale: run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
