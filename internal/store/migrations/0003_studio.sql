-- The studio: who wrote what, review, the gate, releases in full, what is set for the moment.

-- effective is when the text comes into force, 0 for at once. A dropped draft was
-- given up, or replaced by somebody else's; it stays in the history.
ALTER TABLE revisions ADD COLUMN author TEXT NOT NULL DEFAULT '';
ALTER TABLE revisions ADD COLUMN author_name TEXT NOT NULL DEFAULT '';
ALTER TABLE revisions ADD COLUMN note TEXT NOT NULL DEFAULT '';
ALTER TABLE revisions ADD COLUMN dropped BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE revisions ADD COLUMN effective BIGINT NOT NULL DEFAULT 0;
CREATE INDEX release_revisions_document ON release_revisions (kind, id, release);

-- as_of is the instant for which a release stands; info is kb.ReleaseInfo as JSON.
ALTER TABLE releases ADD COLUMN as_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE releases ADD COLUMN info TEXT NOT NULL DEFAULT '{}';
UPDATE releases SET as_of = created;

-- What each release changed: number 0 stands for none.
CREATE TABLE release_changes (
    release BIGINT NOT NULL REFERENCES releases (number),
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    was     BIGINT NOT NULL,
    now     BIGINT NOT NULL,
    PRIMARY KEY (release, kind, id)
){{.Clustered}};
INSERT INTO release_changes (release, kind, id, was, now)
    SELECT x.release, x.kind, x.id, COALESCE(p.number, 0), x.number FROM release_revisions x
    LEFT JOIN release_revisions p ON p.kind = x.kind AND p.id = x.id AND p.release = x.release - 1
    WHERE p.number IS NULL OR p.number <> x.number;

-- Drafts that are reviewed together; body is kb.Proposal as JSON.
CREATE TABLE changes (
    n       {{.Serial}},
    version BIGINT NOT NULL,
    state   TEXT NOT NULL,
    body    TEXT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL
);
CREATE INDEX changes_state ON changes (state, n);

-- The drafts that an open change holds: a document is part of one at a time.
CREATE TABLE change_drafts (
    kind   TEXT NOT NULL,
    id     TEXT NOT NULL,
    change BIGINT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY (kind, id)
){{.Clustered}};
CREATE INDEX change_drafts_change ON change_drafts (change);

CREATE TABLE gate_reports (
    run     TEXT PRIMARY KEY,
    change  BIGINT NOT NULL,
    state   TEXT NOT NULL,
    updated BIGINT NOT NULL,
    body    TEXT NOT NULL
){{.Clustered}};

-- Takedowns, notices and the switch: kind names which, body is its JSON. Ended is 0 while it
-- holds; the counter "overrides" grows with every change of this table.
CREATE TABLE overrides (
    n        {{.Serial}},
    kind     TEXT NOT NULL,
    body     TEXT NOT NULL,
    created  BIGINT NOT NULL,
    ended    BIGINT NOT NULL,
    ended_by TEXT NOT NULL
);
CREATE INDEX overrides_held ON overrides (n) WHERE ended = 0;
