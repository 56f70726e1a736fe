-- What became of the questions: see package bot/insight. Times are microseconds since 1970,
-- UTC; a day is YYYY-MM-DD in the time zone of the service.

-- Who follows the record, until when, and how far it was followed: one row.
CREATE TABLE insight_cursor (
    id     BIGINT PRIMARY KEY,
    holder TEXT NOT NULL,
    until  BIGINT NOT NULL,
    turns  BIGINT NOT NULL,
    thumbs BIGINT NOT NULL
);
INSERT INTO insight_cursor (id, holder, until, turns, thumbs) VALUES (1, '', 0, 0, 0);

{{if not .Clustered}}-- SQLite's n is the rowid and needs no index.
CREATE INDEX messages_replies ON messages (n) WHERE kind = 'reply';

{{end}}-- Citizens' thumbs in the order in which they came: feedback keeps only the last of each.
CREATE TABLE insight_thumbs (
    n            {{.Serial}},
    conversation TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    score        BIGINT NOT NULL
);

-- One row for each question; text is masked and sealed, '' where there is
-- no matter. answer is the seq of its last reply.
CREATE TABLE insight_questions (
    n            {{.Serial}},
    conversation TEXT NOT NULL,
    seq          BIGINT NOT NULL,
    answer       BIGINT NOT NULL,
    at           BIGINT NOT NULL,
    channel      TEXT NOT NULL,
    text         TEXT NOT NULL,
    subject      TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    asked_back   BOOLEAN NOT NULL,
    handed       BOOLEAN NOT NULL,
    repeated     BOOLEAN NOT NULL,
    first        BOOLEAN NOT NULL,
    thumb        BIGINT NOT NULL,
    cluster      BIGINT NOT NULL,
    release      BIGINT NOT NULL,
    UNIQUE (conversation, seq)
);
CREATE INDEX insight_questions_cluster ON insight_questions (cluster, n) WHERE cluster > 0;

CREATE TABLE insight_hours (
    day         TEXT NOT NULL,
    hour        BIGINT NOT NULL,
    channel     TEXT NOT NULL,
    questions   BIGINT NOT NULL,
    solved      BIGINT NOT NULL,
    asked_back  BIGINT NOT NULL,
    handed_over BIGINT NOT NULL,
    wrong       BIGINT NOT NULL,
    silent      BIGINT NOT NULL,
    repeated    BIGINT NOT NULL,
    refused     BIGINT NOT NULL,
    emergency   BIGINT NOT NULL,
    matters     BIGINT NOT NULL,
    PRIMARY KEY (day, hour, channel)
){{.Clustered}};

CREATE TABLE insight_subjects (
    day         TEXT NOT NULL,
    subject     TEXT NOT NULL,
    questions   BIGINT NOT NULL,
    solved      BIGINT NOT NULL,
    asked_back  BIGINT NOT NULL,
    handed_over BIGINT NOT NULL,
    wrong       BIGINT NOT NULL,
    silent      BIGINT NOT NULL,
    repeated    BIGINT NOT NULL,
    refused     BIGINT NOT NULL,
    emergency   BIGINT NOT NULL,
    matters     BIGINT NOT NULL,
    PRIMARY KEY (day, subject)
){{.Clustered}};

-- What nobody could answer. done is when it was decided, or since when its answer is live;
-- asks is a JSON list of what was added for it.
CREATE TABLE insight_clusters (
    id    BIGINT PRIMARY KEY,
    first BIGINT NOT NULL,
    last  BIGINT NOT NULL,
    state TEXT NOT NULL,
    how   TEXT NOT NULL,
    key   TEXT NOT NULL,
    asks  TEXT NOT NULL,
    actor TEXT NOT NULL,
    done  BIGINT NOT NULL
);
CREATE INDEX insight_clusters_last ON insight_clusters (last);

CREATE TABLE insight_cluster_days (
    cluster   BIGINT NOT NULL REFERENCES insight_clusters (id),
    day       TEXT NOT NULL,
    questions BIGINT NOT NULL,
    missed    BIGINT NOT NULL,
    thumbed   BIGINT NOT NULL,
    repeated  BIGINT NOT NULL,
    handed    BIGINT NOT NULL,
    PRIMARY KEY (cluster, day)
){{.Clustered}};
CREATE INDEX insight_cluster_days_day ON insight_cluster_days (day);

CREATE TABLE insight_samples (
    cluster BIGINT NOT NULL REFERENCES insight_clusters (id),
    place   BIGINT NOT NULL,
    text    TEXT NOT NULL,
    PRIMARY KEY (cluster, place)
){{.Clustered}};
