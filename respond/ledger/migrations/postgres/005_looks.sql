-- How far the reading of a repository's whole history is, until it is over. Whether it runs is the queue's to say: a process
-- that was killed leaves its row as it was.
CREATE TABLE looks (
    repository BIGINT PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    phase      TEXT NOT NULL,
    attempt    BIGINT NOT NULL,
    objects    BIGINT NOT NULL DEFAULT 0,
    total      BIGINT NOT NULL DEFAULT 0,
    bytes      BIGINT NOT NULL DEFAULT 0,
    begun      BIGINT NOT NULL,
    told       BIGINT NOT NULL,
    reason     TEXT NOT NULL DEFAULT '',
    deadly     BIGINT NOT NULL DEFAULT 0
);
