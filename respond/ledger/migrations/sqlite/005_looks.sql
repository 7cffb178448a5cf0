-- How far the reading of a repository's whole history is, until it is over. Whether it runs is the queue's to say: a process
-- that was killed leaves its row as it was.
CREATE TABLE looks (
    repository INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    phase      TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    objects    INTEGER NOT NULL DEFAULT 0,
    total      INTEGER NOT NULL DEFAULT 0,
    bytes      INTEGER NOT NULL DEFAULT 0,
    begun      INTEGER NOT NULL,
    told       INTEGER NOT NULL,
    reason     TEXT NOT NULL DEFAULT '',
    deadly     INTEGER NOT NULL DEFAULT 0
) STRICT;
