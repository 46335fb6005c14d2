-- Who may do what to a journal in PostgreSQL. Run after tables.sql, as the owner of the tables, who may make roles:
--     psql -v ON_ERROR_STOP=1 -f tables.sql -f roles.sql "postgresql://owner@db.example/seeding"
-- Running it again changes nothing. Then give each person and program a login of its own in one of the two groups, as
-- setup.sql does for a whole server:
--     CREATE ROLE hub LOGIN IN ROLE seeding_hub;
--     CREATE ROLE auditor LOGIN IN ROLE seeding_auditor;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'seeding_hub') THEN
        CREATE ROLE seeding_hub NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'seeding_auditor') THEN
        CREATE ROLE seeding_auditor NOLOGIN;
    END IF;
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;
REVOKE ALL ON lines, heads, runs, looks FROM PUBLIC, seeding_hub, seeding_auditor;
GRANT USAGE ON SCHEMA public TO seeding_hub, seeding_auditor;

-- The hub, and every command that writes: adds lines, moves heads forward, keeps the caches. It changes and deletes no
-- line, for want of the privilege and, whoever asks, because of the triggers in tables.sql.
GRANT SELECT, INSERT ON lines TO seeding_hub;
GRANT SELECT, INSERT, UPDATE ON heads TO seeding_hub;
GRANT SELECT, INSERT, UPDATE, DELETE ON runs, looks TO seeding_hub;

-- The auditor: `seeding status`, `explain` and `custody --check`, and nothing that writes.
GRANT SELECT ON lines, heads, runs, looks TO seeding_auditor;
