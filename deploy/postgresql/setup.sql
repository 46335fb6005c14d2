-- Prepares a PostgreSQL server for a hub: the journal's database with tables and roles, Prefect's own database, and a
-- login for each. Running it again changes nothing but the passwords, which come from the environment:
--     HUB_PASSWORD=... AUDITOR_PASSWORD=... PREFECT_PASSWORD=... psql -f setup.sql "postgresql://postgres@db.example"
-- Needs psql 14 or newer and a login that may make databases and roles. A password that is not set stops it.

\set ON_ERROR_STOP on
\getenv hub HUB_PASSWORD
\getenv auditor AUDITOR_PASSWORD
\getenv prefect PREFECT_PASSWORD

SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING ''UTF8''', wanted)
FROM unnest(ARRAY['seeding', 'prefect']) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = wanted) \gexec

SELECT format('CREATE ROLE %I LOGIN', wanted)
FROM unnest(ARRAY['hub', 'auditor', 'prefect']) AS wanted
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) \gexec

ALTER ROLE hub PASSWORD :'hub';
ALTER ROLE auditor PASSWORD :'auditor';
ALTER ROLE prefect PASSWORD :'prefect';

-- Prefect makes and changes its tables itself; nobody else has business there, and it has none in the journal.
ALTER DATABASE prefect OWNER TO prefect;
REVOKE ALL ON DATABASE prefect, seeding FROM PUBLIC;

\connect seeding
\ir tables.sql
\ir roles.sql

GRANT CONNECT ON DATABASE seeding TO seeding_hub, seeding_auditor;
GRANT seeding_hub TO hub;
GRANT seeding_auditor TO auditor;
