"""The fleet's server side on one machine, without containers: PostgreSQL, Prefect and the hub (docs/postgresql.md)."""
