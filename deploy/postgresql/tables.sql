-- The journal's tables in PostgreSQL 14 or newer, and the triggers that refuse what a journal never needs.
-- Written from the code by `make docs`; never edit it. Running it again changes nothing.

CREATE TABLE IF NOT EXISTS heads (
	run_id TEXT COLLATE "C" NOT NULL,
	seq INTEGER NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (run_id)
);

CREATE TABLE IF NOT EXISTS lines (
	run_id TEXT COLLATE "C" NOT NULL,
	seq INTEGER NOT NULL,
	at_utc TEXT NOT NULL,
	actor TEXT NOT NULL,
	kind TEXT NOT NULL,
	payload TEXT NOT NULL,
	prev_hash TEXT NOT NULL,
	hash TEXT NOT NULL,
	PRIMARY KEY (run_id, seq)
);

CREATE TABLE IF NOT EXISTS looks (
	run_id TEXT COLLATE "C" NOT NULL,
	verb TEXT NOT NULL,
	at_utc TEXT NOT NULL,
	PRIMARY KEY (run_id, verb)
);

CREATE TABLE IF NOT EXISTS runs (
	run_id TEXT COLLATE "C" NOT NULL,
	office TEXT NOT NULL,
	mode TEXT NOT NULL,
	state TEXT NOT NULL,
	attempt INTEGER NOT NULL,
	since_utc TEXT NOT NULL,
	bytes BIGINT NOT NULL,
	conditions TEXT NOT NULL,
	"over" BOOLEAN NOT NULL,
	seq INTEGER NOT NULL,
	due_utc TEXT,
	PRIMARY KEY (run_id)
);

CREATE INDEX IF NOT EXISTS ix_runs_office ON runs (office);

CREATE OR REPLACE FUNCTION seeding_refuses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
        MESSAGE = TG_OP || ' of ' || TG_TABLE_NAME || ' is refused: a journal is only ever added to';
END $$;

CREATE OR REPLACE TRIGGER only_added BEFORE UPDATE OR DELETE ON lines
    FOR EACH ROW EXECUTE FUNCTION seeding_refuses();

CREATE OR REPLACE TRIGGER never_emptied BEFORE TRUNCATE ON lines
    FOR EACH STATEMENT EXECUTE FUNCTION seeding_refuses();

CREATE OR REPLACE TRIGGER only_forward BEFORE UPDATE ON heads FOR EACH ROW
    WHEN (new.run_id <> old.run_id OR new.seq <= old.seq) EXECUTE FUNCTION seeding_refuses();

CREATE OR REPLACE TRIGGER never_dropped BEFORE DELETE ON heads
    FOR EACH ROW EXECUTE FUNCTION seeding_refuses();

CREATE OR REPLACE TRIGGER never_emptied BEFORE TRUNCATE ON heads
    FOR EACH STATEMENT EXECUTE FUNCTION seeding_refuses();
