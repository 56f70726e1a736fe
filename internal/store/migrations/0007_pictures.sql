-- Pictures between a citizen and an agent: each belongs to a row of the conversation. body and
-- small are JPEG files, sealed; small stands first, so that reading it does not pass over body.
-- When a picture's time is over its row goes, and the message says so in data.
CREATE TABLE pictures (
    id           TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations (id),
    seq          BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    width        BIGINT NOT NULL,
    height       BIGINT NOT NULL,
    small        {{.Bytes}} NOT NULL,
    body         {{.Bytes}} NOT NULL,
    UNIQUE (conversation, seq)
);
CREATE INDEX pictures_at ON pictures (at);
