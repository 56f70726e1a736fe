-- The database's own name, made at random when a node first needs it: services with other
-- databases do not hear each other on one bus.
CREATE TABLE cluster (
    one BIGINT PRIMARY KEY,
    id  TEXT NOT NULL
){{.Clustered}};

-- When a citizen who waits for a person was last seen on her page, on any node: microseconds
-- since 1970 by the database's clock. Only those who wait have a row.
CREATE TABLE desk_waiting (
    conversation TEXT PRIMARY KEY,
    seen         BIGINT NOT NULL
){{.Clustered}};
