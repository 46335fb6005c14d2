"""What a database administrator runs to prepare a journal in PostgreSQL; see docs/postgresql.md."""
