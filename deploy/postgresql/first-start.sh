#!/bin/sh
# What the database container of deploy/compose.yaml runs once, on an empty volume: setup.sql with compose's secrets.
set -eu
secrets=${SECRETS:-/run/secrets} sql=${SQL:-/sql}
HUB_PASSWORD=$(cat "$secrets/hub-password")
AUDITOR_PASSWORD=$(cat "$secrets/auditor-password")
PREFECT_PASSWORD=$(cat "$secrets/prefect-password")
export HUB_PASSWORD AUDITOR_PASSWORD PREFECT_PASSWORD
psql -X -q -d postgres -f "$sql/setup.sql"
