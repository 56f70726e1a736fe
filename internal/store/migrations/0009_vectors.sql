-- Vectors of published phrases, as an embedding model made them: little-endian float32s of length
-- one. hash is the SHA-256 of the phrase. They can be made again; used says when somebody last
-- needed them.
CREATE TABLE vectors (
    model   TEXT NOT NULL,
    version TEXT NOT NULL,
    hash    {{.Bytes}} NOT NULL,
    vector  {{.Bytes}} NOT NULL,
    used    BIGINT NOT NULL,
    PRIMARY KEY (model, version, hash)
){{.Clustered}};
