-- Accounts of staff, the audit log, scheduled work. Times are microseconds since 1970, UTC.

-- roles: names with a comma between. password: an argon2id hash in PHC form, '' for none.
-- totp: the sealed secret, NULL for none; totp_step: the newest time step whose code was
-- accepted, so that none is accepted twice. epoch grows with each change that must end
-- what was signed in before.
CREATE TABLE staff (
    id        TEXT PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE,
    display   TEXT NOT NULL,
    roles     TEXT NOT NULL,
    password  TEXT NOT NULL,
    totp      {{.Bytes}},
    totp_step BIGINT NOT NULL,
    disabled  BOOLEAN NOT NULL,
    epoch     BIGINT NOT NULL,
    created   BIGINT NOT NULL,
    updated   BIGINT NOT NULL,
    signed_in BIGINT NOT NULL
){{.Clustered}};

-- One-time links; staff is '' for the one that makes the first account. Only the SHA-256 of
-- a link's token is kept.
CREATE TABLE staff_links (
    hash    {{.Bytes}} NOT NULL PRIMARY KEY,
    staff   TEXT NOT NULL,
    created BIGINT NOT NULL,
    expires BIGINT NOT NULL
){{.Clustered}};
CREATE INDEX staff_links_staff ON staff_links (staff);

-- hash is the SHA-256 of the secret in the cookie, id what others may know of the session.
-- pending: the sealed secret of a second factor that is being set up.
CREATE TABLE staff_sessions (
    hash    {{.Bytes}} NOT NULL PRIMARY KEY,
    id      TEXT NOT NULL UNIQUE,
    staff   TEXT NOT NULL REFERENCES staff (id),
    epoch   BIGINT NOT NULL,
    stage   TEXT NOT NULL,
    csrf    TEXT NOT NULL,
    pending {{.Bytes}},
    created BIGINT NOT NULL,
    seen    BIGINT NOT NULL
){{.Clustered}};
CREATE INDEX staff_sessions_staff ON staff_sessions (staff);

-- Failed attempts to sign in, by account name and by address, both hashed.
CREATE TABLE staff_failures (
    key   TEXT PRIMARY KEY,
    count BIGINT NOT NULL,
    last  BIGINT NOT NULL,
    until BIGINT NOT NULL
){{.Clustered}};
CREATE INDEX staff_failures_last ON staff_failures (last);

CREATE TABLE audit (
    n      BIGINT NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    actor  TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    hash   TEXT NOT NULL
);
CREATE INDEX audit_actor ON audit (actor, n);
CREATE INDEX audit_action ON audit (action, n);
CREATE INDEX audit_object ON audit (object, n);
CREATE INDEX audit_at ON audit (at);

-- The two ends of the chain: the newest entry, and the newest one that retention removed.
-- mac proves, by a key that is not in the database, that we wrote this row. Its row is
-- locked from an entry to its commit, so that entries are numbered in the order of commits.
CREATE TABLE audit_head (
    id        BIGINT NOT NULL PRIMARY KEY,
    n         BIGINT NOT NULL,
    hash      TEXT NOT NULL,
    base_n    BIGINT NOT NULL,
    base_hash TEXT NOT NULL,
    mac       TEXT NOT NULL
);
INSERT INTO audit_head (id, n, hash, base_n, base_hash, mac) VALUES (1, 0, '', 0, '', '');

-- Scheduled work: a row is due once, claimed by an UPDATE that sets its lease. The clock is
-- the database's own.
CREATE TABLE jobs (
    kind    TEXT NOT NULL,
    ref     TEXT NOT NULL,
    payload TEXT NOT NULL,
    state   TEXT NOT NULL,
    due     BIGINT NOT NULL,
    lease   BIGINT NOT NULL,
    holder  TEXT NOT NULL,
    tries   BIGINT NOT NULL,
    error   TEXT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    PRIMARY KEY (kind, ref)
){{.Clustered}};
CREATE INDEX jobs_due ON jobs (due) WHERE state = 'waiting';
CREATE INDEX jobs_lease ON jobs (lease) WHERE state = 'running';

-- What is to be deleted is found by age.
CREATE INDEX conversations_created ON conversations (created, id);
