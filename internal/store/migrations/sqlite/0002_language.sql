ALTER TABLE runs ADD COLUMN parent_id    TEXT NOT NULL DEFAULT ''; -- the run that called this one, or that this one undoes
ALTER TABLE runs ADD COLUMN trigger_kind TEXT NOT NULL DEFAULT '';
ALTER TABLE runs ADD COLUMN shadow       TEXT NOT NULL DEFAULT ''; -- contract.Shadow; '' is none
CREATE INDEX runs_parent ON runs (parent_id) WHERE parent_id <> '';

ALTER TABLE outbox ADD COLUMN signal TEXT NOT NULL DEFAULT ''; -- its name; '' is approval.decided

ALTER TABLE approvals ADD COLUMN workflow    TEXT NOT NULL DEFAULT ''; -- that waits for the decision; '' is the run's
ALTER TABLE approvals ADD COLUMN reminders   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE approvals ADD COLUMN reminded_ns INTEGER NOT NULL DEFAULT 0;

CREATE TABLE votes (
    id          TEXT PRIMARY KEY,
    approval_id TEXT NOT NULL REFERENCES approvals (id),
    voter       TEXT NOT NULL, -- lower case
    doc         TEXT NOT NULL, -- soc.Vote with its signature
    UNIQUE (approval_id, voter)
) STRICT;
CREATE TRIGGER votes_no_update BEFORE UPDATE ON votes
BEGIN SELECT RAISE(ABORT, 'votes are append-only: update refused'); END;
CREATE TRIGGER votes_no_delete BEFORE DELETE ON votes
BEGIN SELECT RAISE(ABORT, 'votes are append-only: delete refused'); END;

-- The open runs that want a key. One of a playbook's runs holds it; those that are queued follow by place.
CREATE TABLE run_keys (
    run_id   TEXT PRIMARY KEY REFERENCES runs (id),
    playbook TEXT NOT NULL,
    key      TEXT NOT NULL,
    state    TEXT NOT NULL, -- held | queued | skipped | joined
    holder   TEXT NOT NULL, -- skipped, joined: the run that had the key
    place    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX run_keys_held ON run_keys (playbook, key) WHERE state = 'held';
CREATE INDEX run_keys_queue ON run_keys (playbook, key, place) WHERE state = 'queued';

-- What open runs listen for. An alert_id ends a subscription, and so does its time.
CREATE TABLE subscriptions (
    id       TEXT PRIMARY KEY,
    place    INTEGER NOT NULL UNIQUE, -- in the order they were made
    run_id   TEXT NOT NULL REFERENCES runs (id),
    workflow TEXT NOT NULL,
    step     TEXT NOT NULL,
    sources  TEXT NOT NULL, -- JSON array; [] is any
    cond     TEXT NOT NULL, -- '' is always
    vars     TEXT NOT NULL, -- JSON object: the roots that cond names, but event
    until_ns INTEGER NOT NULL,
    alert_id TEXT NOT NULL, -- '' while nothing has matched
    closed   INTEGER NOT NULL
) STRICT;
CREATE INDEX subscriptions_open ON subscriptions (place) WHERE alert_id = '' AND closed = 0;
CREATE INDEX subscriptions_run ON subscriptions (run_id);

-- The alerts that joined runs have brought to a run that is open, until a subscription of it takes them.
CREATE TABLE joined_alerts (
    run_id   TEXT NOT NULL REFERENCES runs (id),
    alert_id TEXT NOT NULL REFERENCES alerts (id),
    place    INTEGER NOT NULL,
    PRIMARY KEY (run_id, alert_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE shadows (
    playbook    TEXT PRIMARY KEY,
    plan_digest TEXT NOT NULL, -- '' is every version
    operations  TEXT NOT NULL, -- JSON array; [] is all
    set_by      TEXT NOT NULL,
    reason      TEXT NOT NULL,
    at_ns       INTEGER NOT NULL
) STRICT;
