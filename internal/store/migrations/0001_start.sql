-- The first schema. Times are microseconds since 1970, UTC.

CREATE TABLE conversations (
    id      TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    version BIGINT NOT NULL,
    seq     BIGINT NOT NULL,
    owner   TEXT NOT NULL,
    state   TEXT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL
){{.Clustered}};

-- Only the SHA-256 of a token is kept.
CREATE TABLE tokens (
    conversation TEXT NOT NULL REFERENCES conversations (id),
    hash         {{.Bytes}} NOT NULL,
    created      BIGINT NOT NULL,
    PRIMARY KEY (conversation, hash)
){{.Clustered}};

-- One row for each line and each reply. Only a citizen's line has channel, ref, text,
-- choice and answer (the seq of its reply, 0 while it waits); only a reply has reply
-- (JSON) and trace (see encode.go).
CREATE TABLE messages (
    n            {{.Serial}},
    conversation TEXT NOT NULL REFERENCES conversations (id),
    seq          BIGINT NOT NULL,
    kind         TEXT NOT NULL,
    at           BIGINT NOT NULL,
    channel      TEXT,
    ref          TEXT,
    text         TEXT,
    choice       TEXT,
    answer       BIGINT,
    reply        TEXT,
    trace        {{.Bytes}},
    UNIQUE (conversation, seq)
);
CREATE UNIQUE INDEX messages_ref ON messages (channel, ref) WHERE ref IS NOT NULL;
CREATE INDEX messages_pending ON messages (n) WHERE answer = 0;

-- A counter's row is locked from its use to the commit: what counts with the same name
-- happens one after the other, on all nodes.
CREATE TABLE counters (
    name TEXT PRIMARY KEY,
    last BIGINT NOT NULL
);

CREATE TABLE handoffs (
    n            {{.Serial}},
    number       TEXT NOT NULL UNIQUE,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    seq          BIGINT NOT NULL,
    grp          TEXT NOT NULL,
    place        BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    item         TEXT NOT NULL,
    article      TEXT NOT NULL,
    summary      TEXT NOT NULL,
    urgent       BOOLEAN NOT NULL,
    state        TEXT NOT NULL,
    created      BIGINT NOT NULL,
    UNIQUE (grp, place)
);
CREATE INDEX handoffs_queued ON handoffs (grp, place) WHERE state = 'queued';

CREATE TABLE feedback (
    conversation TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    score        BIGINT NOT NULL,
    reason       TEXT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (conversation, seq),
    FOREIGN KEY (conversation, seq) REFERENCES messages (conversation, seq)
);

CREATE TABLE revisions (
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    number  BIGINT NOT NULL,
    body    TEXT NOT NULL,
    hash    TEXT NOT NULL,
    base    BIGINT NOT NULL,
    origin  TEXT NOT NULL,
    draft   BOOLEAN NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (kind, id, number)
);
CREATE INDEX revisions_drafts ON revisions (kind, id) WHERE draft;

CREATE TABLE releases (
    number  BIGINT NOT NULL PRIMARY KEY,
    note    TEXT NOT NULL,
    created BIGINT NOT NULL
);

-- A release is complete: it names every revision it consists of.
CREATE TABLE release_revisions (
    release BIGINT NOT NULL REFERENCES releases (number),
    kind    TEXT NOT NULL,
    id      TEXT NOT NULL,
    number  BIGINT NOT NULL,
    PRIMARY KEY (release, kind, id),
    FOREIGN KEY (kind, id, number) REFERENCES revisions (kind, id, number)
);

CREATE TABLE seeds (
    key  TEXT PRIMARY KEY,
    hash TEXT NOT NULL
);
