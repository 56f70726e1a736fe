-- The hotline desk. Times are microseconds since 1970, UTC.

-- body: the ticket as JSON, '' for one of before this migration; the other columns repeat
-- what is searched. version is claimed by an UPDATE that names the old one. holder is whose
-- capacity the ticket takes, weight how much. due is when the clock has something to do, 0
-- for never.
ALTER TABLE handoffs ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE handoffs ADD COLUMN body TEXT NOT NULL DEFAULT '';
ALTER TABLE handoffs ADD COLUMN holder TEXT NOT NULL DEFAULT '';
ALTER TABLE handoffs ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;
ALTER TABLE handoffs ADD COLUMN updated BIGINT NOT NULL DEFAULT 0;
ALTER TABLE handoffs ADD COLUMN due BIGINT NOT NULL DEFAULT 0;
ALTER TABLE handoffs ADD COLUMN is_open BOOLEAN NOT NULL DEFAULT TRUE;
ALTER TABLE handoffs ADD COLUMN last_agent TEXT NOT NULL DEFAULT '';
ALTER TABLE handoffs ADD COLUMN served BIGINT NOT NULL DEFAULT 0;
CREATE INDEX handoffs_conversation ON handoffs (conversation, n);
CREATE INDEX handoffs_open ON handoffs (updated) WHERE is_open;
CREATE INDEX handoffs_updated ON handoffs (updated);
CREATE INDEX handoffs_due ON handoffs (due) WHERE due > 0;
CREATE INDEX handoffs_holder ON handoffs (holder) WHERE holder <> '';
CREATE INDEX handoffs_served ON handoffs (grp, updated) WHERE served > 0;

-- Rows of an agent have text, author (her number), agent (her account) and ref; rows of the
-- system have text, event and data (JSON).
ALTER TABLE messages ADD COLUMN author TEXT;
ALTER TABLE messages ADD COLUMN agent TEXT;
ALTER TABLE messages ADD COLUMN event TEXT;
ALTER TABLE messages ADD COLUMN data TEXT;

-- One row for each move of a ticket.
CREATE TABLE desk_moves (
    ticket     TEXT NOT NULL,
    version    BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    event      TEXT NOT NULL,
    actor      TEXT NOT NULL,
    agent      TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    detail     TEXT NOT NULL,
    PRIMARY KEY (ticket, version)
){{.Clustered}};
CREATE INDEX desk_moves_at ON desk_moves (at);

CREATE TABLE desk_agents (
    id         TEXT PRIMARY KEY,
    number     TEXT NOT NULL UNIQUE,
    display    TEXT NOT NULL,
    grps       TEXT NOT NULL,
    skills     TEXT NOT NULL,
    capacity   BIGINT NOT NULL,
    presence   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    since      BIGINT NOT NULL,
    seen       BIGINT NOT NULL,
    assigned   BIGINT NOT NULL,
    disabled   BOOLEAN NOT NULL,
    supervises BOOLEAN NOT NULL
){{.Clustered}};

-- What agents say to each other. No citizen's channel reads this table.
CREATE TABLE desk_notes (
    n            {{.Serial}},
    conversation TEXT NOT NULL REFERENCES conversations (id),
    ticket       TEXT NOT NULL,
    kind         TEXT NOT NULL,
    agent        TEXT NOT NULL,
    author       TEXT NOT NULL,
    text         TEXT NOT NULL,
    at           BIGINT NOT NULL
);
CREATE INDEX desk_notes_conversation ON desk_notes (conversation, n);

CREATE TABLE desk_drafts (
    agent        TEXT NOT NULL,
    conversation TEXT NOT NULL,
    text         TEXT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (agent, conversation)
){{.Clustered}};

CREATE TABLE desk_canned (
    id       TEXT PRIMARY KEY,
    grp      TEXT NOT NULL,
    shortcut TEXT NOT NULL,
    title    TEXT NOT NULL,
    text     TEXT NOT NULL,
    version  BIGINT NOT NULL,
    retired  BOOLEAN NOT NULL,
    agent    TEXT NOT NULL,
    at       BIGINT NOT NULL,
    UNIQUE (grp, shortcut)
){{.Clustered}};

-- That a citizen agreed, to which version of which notice. It stays when what it allowed to
-- store is deleted.
CREATE TABLE consents (
    id           TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    purpose      TEXT NOT NULL,
    notice       TEXT NOT NULL,
    at           BIGINT NOT NULL,
    withdrawn    BIGINT NOT NULL
){{.Clustered}};
CREATE INDEX consents_conversation ON consents (conversation, purpose);

-- form: the sealed call-back form; consent: the row that allows it.
CREATE TABLE desk_calls (
    ticket       TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    form         TEXT NOT NULL,
    consent      TEXT NOT NULL REFERENCES consents (id),
    at           BIGINT NOT NULL
){{.Clustered}};

-- body: the order as JSON without personal data; person: that part, sealed.
CREATE TABLE desk_orders (
    number       TEXT PRIMARY KEY,
    ticket       TEXT NOT NULL,
    conversation TEXT NOT NULL,
    state        TEXT NOT NULL,
    version      BIGINT NOT NULL,
    body         TEXT NOT NULL,
    person       TEXT NOT NULL,
    due          BIGINT NOT NULL,
    created      BIGINT NOT NULL,
    updated      BIGINT NOT NULL
){{.Clustered}};
CREATE INDEX desk_orders_state ON desk_orders (state, due);
CREATE INDEX desk_orders_ticket ON desk_orders (ticket);
CREATE INDEX desk_orders_conversation ON desk_orders (conversation);

CREATE TABLE desk_checks (
    ticket   TEXT NOT NULL,
    reviewer TEXT NOT NULL,
    agent    TEXT NOT NULL,
    total    BIGINT NOT NULL,
    body     TEXT NOT NULL,
    at       BIGINT NOT NULL,
    PRIMARY KEY (ticket, reviewer)
){{.Clustered}};
CREATE INDEX desk_checks_at ON desk_checks (at);

CREATE TABLE desk_ratings (
    ticket TEXT NOT NULL,
    at     BIGINT NOT NULL,
    agent  TEXT NOT NULL,
    grp    TEXT NOT NULL,
    solved BOOLEAN NOT NULL,
    stars  BIGINT NOT NULL,
    tags   TEXT NOT NULL,
    PRIMARY KEY (ticket, at)
){{.Clustered}};
CREATE INDEX desk_ratings_at ON desk_ratings (at);

-- Every danger that was spoken of, for supervisors; seen is 0 until one of them has looked.
CREATE TABLE desk_alerts (
    conversation TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    seen         BIGINT NOT NULL,
    seen_by      TEXT NOT NULL,
    PRIMARY KEY (conversation, seq)
){{.Clustered}};
CREATE INDEX desk_alerts_new ON desk_alerts (at) WHERE seen = 0;

-- Visitors who are slowed or kept out for a time. Danger is answered all the same.
CREATE TABLE desk_limits (
    conversation TEXT PRIMARY KEY,
    mode         TEXT NOT NULL,
    reason       TEXT NOT NULL,
    actor        TEXT NOT NULL,
    at           BIGINT NOT NULL,
    until        BIGINT NOT NULL
){{.Clustered}};
