-- What is to be delivered, and WeChat.

-- A row is sent by the process that owns it until its lease ends. Rows of a lane leave in the
-- order of n: one that is waiting, sending or held keeps those after it back. body is sealed.
CREATE TABLE outbox (
    n        {{.Serial}},
    kind     TEXT NOT NULL,
    lane     TEXT NOT NULL,
    key      TEXT NOT NULL,
    body     TEXT NOT NULL,
    state    TEXT NOT NULL,
    due      BIGINT NOT NULL,
    expires  BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    doubts   BIGINT NOT NULL,
    owner    TEXT NOT NULL,
    lease    BIGINT NOT NULL,
    note     TEXT NOT NULL,
    created  BIGINT NOT NULL,
    updated  BIGINT NOT NULL,
    UNIQUE (kind, key)
);
CREATE INDEX outbox_due ON outbox (kind, due) WHERE state = 'waiting';
CREATE INDEX outbox_leases ON outbox (kind, lease) WHERE state = 'sending';
CREATE INDEX outbox_lanes ON outbox (lane, n) WHERE state IN ('waiting', 'sending', 'held');

-- A push of WeChat's until its one answer is out. body is what went out in the answer to the
-- push itself: a copy of the push gets the same. push and body are sealed.
CREATE TABLE wechat_pushes (
    ref          TEXT PRIMARY KEY,
    conversation TEXT NOT NULL,
    push         TEXT NOT NULL,
    state        TEXT NOT NULL,
    body         TEXT,
    at           BIGINT NOT NULL
){{.Clustered}};
CREATE INDEX wechat_pushes_open ON wechat_pushes (at) WHERE state IN ('open', 'later');
CREATE INDEX wechat_pushes_at ON wechat_pushes (at);

-- A citizen on WeChat, and what may still be sent to her. openid is sealed; the conversation is told
-- from it.
CREATE TABLE wechat_contacts (
    conversation  TEXT PRIMARY KEY,
    account       TEXT NOT NULL,
    openid        TEXT NOT NULL,
    following     BOOLEAN NOT NULL,
    message_until BIGINT NOT NULL,
    message_left  BIGINT NOT NULL,
    moment_until  BIGINT NOT NULL,
    moment_left   BIGINT NOT NULL,
    seen          BIGINT NOT NULL
){{.Clustered}};

-- How far the messages of a 微信客服 account were read.
CREATE TABLE wecom_cursors (
    account TEXT PRIMARY KEY,
    cursor  TEXT NOT NULL
){{.Clustered}};
