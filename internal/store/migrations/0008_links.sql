-- Buttons that lead to the business site.

-- A code stands for a context (item, answered conditions, channel; never personal data) until it
-- is redeemed once or expires. Only its hash is kept; times are the database's.
CREATE TABLE link_codes (
    hash    {{.Bytes}} NOT NULL PRIMARY KEY,
    context TEXT NOT NULL,
    expires BIGINT NOT NULL,
    used    BIGINT NOT NULL
);
CREATE INDEX link_codes_expires ON link_codes (expires);

-- How the addresses behind buttons have answered.
CREATE TABLE link_health (
    url      TEXT PRIMARY KEY,
    items    TEXT NOT NULL,
    state    TEXT NOT NULL,
    failures BIGINT NOT NULL,
    says     TEXT NOT NULL,
    checked  BIGINT NOT NULL,
    since    BIGINT NOT NULL
){{.Clustered}};
