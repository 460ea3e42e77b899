-- What models have used, one row for every provider that was asked: a projection of the ledger's entries of kind
-- model.answered, for budgets that are looked at before every request.
CREATE TABLE model_usage (
    seq        INTEGER NOT NULL,
    part       INTEGER NOT NULL, -- of an entry: the place of a provider among those of a chain or a committee
    run_id     TEXT NOT NULL,
    playbook   TEXT NOT NULL,
    provider   TEXT NOT NULL,
    model      TEXT NOT NULL,
    at_ns      INTEGER NOT NULL,
    tokens_in  INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    cost_usd   REAL NOT NULL,
    no_price   INTEGER NOT NULL, -- 1: the cost is not known
    failed     INTEGER NOT NULL,
    PRIMARY KEY (seq, part)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_usage_at ON model_usage (at_ns);
CREATE INDEX model_usage_playbook ON model_usage (playbook, at_ns);
CREATE INDEX model_usage_run ON model_usage (run_id);

-- Entries from before there were prices: what they cost is not known, unless no model was asked.
INSERT INTO model_usage (seq, part, run_id, playbook, provider, model, at_ns, tokens_in, tokens_out, cost_usd, no_price, failed)
SELECT l.seq, 0, l.run_id, COALESCE(r.playbook, ''),
    COALESCE(CAST(json_extract(l.body, '$.provider') AS TEXT), ''), COALESCE(CAST(json_extract(l.body, '$.model') AS TEXT), ''),
    CAST(strftime('%s', l.at) AS INTEGER) * 1000000000,
    CAST(COALESCE(json_extract(l.body, '$.tokens_in'), 0) AS INTEGER), CAST(COALESCE(json_extract(l.body, '$.tokens_out'), 0) AS INTEGER),
    CAST(COALESCE(json_extract(l.body, '$.cost_usd'), 0) AS REAL),
    CASE WHEN COALESCE(json_extract(l.body, '$.cost_usd'), 0) = 0 AND COALESCE(json_extract(l.body, '$.tokens_in'), 0) > 0 THEN 1 ELSE 0 END,
    CASE WHEN json_extract(l.body, '$.error') IS NULL THEN 0 ELSE 1 END
FROM ledger l LEFT JOIN runs r ON r.id = l.run_id WHERE l.kind = 'model.answered';
