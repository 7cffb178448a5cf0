-- What people without write access brought, in a pull request from a fork: it gets a check run, and nothing else until
-- somebody entitled asks for more, or it is merged.
ALTER TABLE scans ADD COLUMN outside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE leaks ADD COLUMN outside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sightings ADD COLUMN outside INTEGER NOT NULL DEFAULT 0;

-- Who wrote an entry of allow.fingerprints into the repository's policy, with the role that GitHub gave them then.
CREATE TABLE vouchers (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    entry      TEXT NOT NULL,
    login      TEXT NOT NULL,
    role       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (repository, entry)
) STRICT, WITHOUT ROWID;

-- What targets were told, to count it, and what waits for the next digest.
CREATE TABLE notices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    target     TEXT NOT NULL,
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    event      BLOB NOT NULL,
    waits      INTEGER NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX notices_target ON notices (target, at);
CREATE INDEX notices_waiting ON notices (target, id) WHERE waits <> 0;
CREATE INDEX notices_at ON notices (at);
