-- Times named *_ns are nanoseconds since 1970 in UTC, so that they sort. The ledger keeps its times as text, because
-- the text is what was hashed.

CREATE TABLE alerts (
    id          TEXT PRIMARY KEY,
    source      TEXT NOT NULL,
    dedup_key   TEXT NOT NULL,
    severity    TEXT NOT NULL,
    search      TEXT NOT NULL, -- lower case: title, user, host, addresses
    received_ns BIGINT NOT NULL,
    runs        TEXT NOT NULL, -- JSON array: the ids of the runs that it started on arrival
    doc         TEXT NOT NULL, -- soc.Alert without raw
    raw         TEXT NOT NULL, -- the source's own document, byte for byte
    UNIQUE (source, dedup_key)
);
CREATE INDEX alerts_received ON alerts (received_ns, id);
CREATE INDEX alerts_source ON alerts (source, received_ns, id);
CREATE INDEX alerts_severity ON alerts (severity, received_ns, id);

CREATE TABLE requests (
    source      TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    part        BIGINT NOT NULL, -- position in the request's batch
    body_digest TEXT NOT NULL,
    alert_id    TEXT NOT NULL REFERENCES alerts (id),
    duplicate   BIGINT NOT NULL,
    created_ns  BIGINT NOT NULL,
    PRIMARY KEY (source, request_id, part)
);
CREATE INDEX requests_created ON requests (created_ns);

CREATE TABLE runs (
    id              TEXT PRIMARY KEY,
    workflow_id     TEXT NOT NULL UNIQUE,
    temporal_run_id TEXT NOT NULL,
    playbook        TEXT NOT NULL,
    plan_digest     TEXT NOT NULL,
    alert_id        TEXT REFERENCES alerts (id),
    alert_title     TEXT NOT NULL,
    severity        TEXT NOT NULL,
    status          TEXT NOT NULL,
    reason          TEXT NOT NULL,
    verdict         TEXT NOT NULL,
    outputs         TEXT NOT NULL, -- '' is none
    requested_by    TEXT NOT NULL,
    created_ns      BIGINT NOT NULL,
    started_ns      BIGINT NOT NULL, -- 0 is not yet
    ended_ns        BIGINT NOT NULL,
    archive         TEXT NOT NULL
);
CREATE INDEX runs_created ON runs (created_ns, id);
CREATE INDEX runs_playbook ON runs (playbook, created_ns, id);
CREATE INDEX runs_alert ON runs (alert_id);
CREATE INDEX runs_open ON runs (status, alert_id) WHERE status IN ('queued', 'running', 'waiting');

CREATE TABLE outbox (
    id         TEXT PRIMARY KEY,
    kind       TEXT NOT NULL,
    run_id     TEXT NOT NULL,
    workflow   TEXT NOT NULL, -- the run's workflow_id
    payload    TEXT NOT NULL,
    tries      BIGINT NOT NULL,
    due_ns     BIGINT NOT NULL,
    lease_ns   BIGINT NOT NULL, -- leased until; 0 is not leased
    last_error TEXT NOT NULL
);
CREATE INDEX outbox_due ON outbox (due_ns, id);

CREATE TABLE approvals (
    id          TEXT PRIMARY KEY,
    run_id      TEXT NOT NULL REFERENCES runs (id),
    status      TEXT NOT NULL,
    created_ns  BIGINT NOT NULL,
    deadline_ns BIGINT NOT NULL,
    doc         TEXT NOT NULL -- soc.Approval without status and decision
);
CREATE INDEX approvals_created ON approvals (created_ns, id);
CREATE INDEX approvals_status ON approvals (status, created_ns, id);
CREATE INDEX approvals_run ON approvals (run_id);

CREATE TABLE decisions (
    id          TEXT PRIMARY KEY,
    approval_id TEXT NOT NULL UNIQUE REFERENCES approvals (id),
    doc         TEXT NOT NULL -- soc.Decision with its signature
);

CREATE TABLE ledger (
    seq      BIGINT PRIMARY KEY,
    run_id   TEXT NOT NULL,
    alert_id TEXT NOT NULL,
    key      TEXT NOT NULL,
    kind     TEXT NOT NULL,
    step     TEXT NOT NULL,
    attempt  BIGINT NOT NULL,
    at       TEXT NOT NULL,
    actor    TEXT NOT NULL,
    body     TEXT NOT NULL,
    prev     TEXT NOT NULL,
    digest   TEXT NOT NULL
);
CREATE UNIQUE INDEX ledger_run_key ON ledger (run_id, key) WHERE run_id <> '';
CREATE INDEX ledger_run_seq ON ledger (run_id, seq) WHERE run_id <> '';
CREATE INDEX ledger_alert_seq ON ledger (alert_id, seq) WHERE alert_id <> '';

CREATE TABLE ledger_head (
    one       BIGINT PRIMARY KEY CHECK (one = 1),
    seq       BIGINT NOT NULL,
    digest    TEXT NOT NULL,
    signature TEXT NOT NULL -- '' is unsigned
);
INSERT INTO ledger_head (one, seq, digest, signature)
VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', '');

CREATE TABLE users (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    name_key      TEXT NOT NULL UNIQUE, -- lower case
    password_hash TEXT NOT NULL,
    roles         TEXT NOT NULL, -- JSON array
    created_ns    BIGINT NOT NULL
);

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_ns BIGINT NOT NULL,
    expires_ns BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);

CREATE TABLE api_tokens (
    id         TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    created_ns BIGINT NOT NULL,
    expires_ns BIGINT NOT NULL -- 0 is never
);
CREATE INDEX api_tokens_user ON api_tokens (user_id);

CREATE TABLE login_codes (
    code_hash  TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    expires_ns BIGINT NOT NULL
);
CREATE INDEX login_codes_user ON login_codes (user_id);

CREATE TABLE plans (
    digest     TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    plan       TEXT NOT NULL,
    source     TEXT NOT NULL,
    created_ns BIGINT NOT NULL
);

CREATE TABLE playbooks (
    name        TEXT PRIMARY KEY,
    file        TEXT NOT NULL,
    source      TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    updated_ns  BIGINT NOT NULL
);

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE FUNCTION picket_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, lower(TG_OP);
END $$;
CREATE TRIGGER ledger_no_change BEFORE UPDATE OR DELETE ON ledger
    FOR EACH ROW EXECUTE FUNCTION picket_append_only();
CREATE TRIGGER ledger_no_truncate BEFORE TRUNCATE ON ledger
    FOR EACH STATEMENT EXECUTE FUNCTION picket_append_only();
CREATE TRIGGER decisions_no_change BEFORE UPDATE OR DELETE ON decisions
    FOR EACH ROW EXECUTE FUNCTION picket_append_only();
CREATE TRIGGER decisions_no_truncate BEFORE TRUNCATE ON decisions
    FOR EACH STATEMENT EXECUTE FUNCTION picket_append_only();
