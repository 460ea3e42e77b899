-- What people say of verdicts: the last of each step of a run. The ledger's entries of kind verdict.judged have them all.
CREATE TABLE judgements (
    run_id         TEXT NOT NULL REFERENCES runs (id),
    step           TEXT NOT NULL,
    alert_id       TEXT NOT NULL,
    playbook       TEXT NOT NULL,
    source         TEXT NOT NULL,
    rule           TEXT NOT NULL,
    verdict        TEXT NOT NULL,
    correct        TEXT NOT NULL, -- the verdict that is right
    confidence     REAL,        -- as stated; NULL without one
    provider       TEXT NOT NULL,
    model          TEXT NOT NULL,
    doc            TEXT NOT NULL, -- soc.Judgement
    at_ns          INTEGER NOT NULL,
    PRIMARY KEY (run_id, step)
) STRICT, WITHOUT ROWID;
CREATE INDEX judgements_at ON judgements (at_ns);
CREATE INDEX judgements_model ON judgements (provider, model, at_ns);
