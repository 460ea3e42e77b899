-- What the organisation knows of entities, and what is proposed to be known.
CREATE TABLE facts (
    id         TEXT PRIMARY KEY,
    type       TEXT NOT NULL,
    entity     TEXT NOT NULL, -- the value in small letters
    status     TEXT NOT NULL,
    expires_ns BIGINT NOT NULL,
    at_ns      BIGINT NOT NULL, -- of the proposal
    doc        TEXT NOT NULL  -- soc.Fact
);
CREATE INDEX facts_entity ON facts (entity);
CREATE INDEX facts_at ON facts (at_ns);
