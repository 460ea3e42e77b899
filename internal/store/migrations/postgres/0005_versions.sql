-- Texts of playbooks that people saved, and which of them run: the last publication of a playbook counts.
DROP TABLE playbooks;
CREATE TABLE playbook_versions (
    playbook TEXT NOT NULL,
    number   INTEGER NOT NULL,
    base     INTEGER NOT NULL,
    digest   TEXT NOT NULL,
    source   TEXT NOT NULL,
    tests    TEXT NOT NULL,
    author   TEXT NOT NULL,
    message  TEXT NOT NULL,
    at_ns    BIGINT NOT NULL,
    PRIMARY KEY (playbook, number)
);
CREATE TABLE publications (
    playbook TEXT NOT NULL,
    at_ns    BIGINT NOT NULL,
    version  INTEGER NOT NULL,
    set_by   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    PRIMARY KEY (playbook, at_ns)
);
