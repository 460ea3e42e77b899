-- What models have used, one row for every provider that was asked: a projection of the ledger's entries of kind
-- model.answered, for budgets that are looked at before every request.
CREATE TABLE model_usage (
    seq        BIGINT NOT NULL,
    part       BIGINT NOT NULL, -- of an entry: the place of a provider among those of a chain or a committee
    run_id     TEXT NOT NULL,
    playbook   TEXT NOT NULL,
    provider   TEXT NOT NULL,
    model      TEXT NOT NULL,
    at_ns      BIGINT NOT NULL,
    tokens_in  BIGINT NOT NULL,
    tokens_out BIGINT NOT NULL,
    cost_usd   DOUBLE PRECISION NOT NULL,
    no_price   BIGINT NOT NULL, -- 1: the cost is not known
    failed     BIGINT NOT NULL,
    PRIMARY KEY (seq, part)
);
CREATE INDEX model_usage_at ON model_usage (at_ns);
CREATE INDEX model_usage_playbook ON model_usage (playbook, at_ns);
CREATE INDEX model_usage_run ON model_usage (run_id);

-- Entries from before there were prices: what they cost is not known, unless no model was asked. PostgreSQL reads no JSON with
-- a NUL or half of a surrogate pair in it, and what vendors say may have both.
INSERT INTO model_usage (seq, part, run_id, playbook, provider, model, at_ns, tokens_in, tokens_out, cost_usd, no_price, failed)
SELECT l.seq, 0, l.run_id, COALESCE(r.playbook, ''),
    COALESCE(l.doc ->> 'provider', ''), COALESCE(l.doc ->> 'model', ''),
    floor(extract(epoch FROM l.at::timestamptz))::bigint * 1000000000,
    COALESCE((l.doc ->> 'tokens_in')::bigint, 0), COALESCE((l.doc ->> 'tokens_out')::bigint, 0),
    COALESCE((l.doc ->> 'cost_usd')::double precision, 0),
    CASE WHEN COALESCE((l.doc ->> 'cost_usd')::double precision, 0) = 0 AND COALESCE((l.doc ->> 'tokens_in')::bigint, 0) > 0 THEN 1 ELSE 0 END,
    CASE WHEN l.doc ->> 'error' IS NULL THEN 0 ELSE 1 END
FROM (
    SELECT seq, run_id, at, regexp_replace(body, '\\u(0000|[dD][89abAB][0-9a-fA-F]{2}|[dD][cdefCDEF][0-9a-fA-F]{2})', '\\ufffd', 'g')::json AS doc
    FROM ledger WHERE kind = 'model.answered'
) l LEFT JOIN runs r ON r.id = l.run_id;
