-- Which programs may use this schema: those whose own newest schema is oldest or later. Every
-- migration from this one on sets it; see docs/decisions/0006-one-schema-step-side-by-side.md.

CREATE TABLE schema_programs (
    id     BIGINT PRIMARY KEY,
    oldest BIGINT NOT NULL
);
INSERT INTO schema_programs (id, oldest) VALUES (1, 11);
