-- What the dashboard shows and nobody had to remember before. When a scan last met a leak:
ALTER TABLE leaks ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
UPDATE leaks SET seen = max(detected, coalesce((SELECT max(c.finished) FROM sightings s JOIN scan_sightings x ON x.sighting = s.id
    JOIN scans c ON c.id = x.scan WHERE s.leak = leaks.id), 0));

-- What the last reading of a repository's whole history took, its time in microseconds:
ALTER TABLE repositories ADD COLUMN history_commits INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN history_bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN history_took INTEGER NOT NULL DEFAULT 0;

-- What was done, and by whom, beside the changes of state, which are in events. Repository NULL: about the server as a whole.
CREATE TABLE activity (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    kind       TEXT NOT NULL,
    what       TEXT NOT NULL,
    detail     TEXT NOT NULL,
    repository INTEGER REFERENCES repositories ON DELETE CASCADE,
    leak       INTEGER REFERENCES leaks ON DELETE CASCADE
) STRICT;
CREATE INDEX activity_at ON activity (at, id);
CREATE INDEX activity_leak ON activity (leak) WHERE leak IS NOT NULL;
CREATE INDEX activity_repository ON activity (repository) WHERE repository IS NOT NULL;
CREATE INDEX events_at ON events (at, id);

-- The text of a leak's issue as it was last sent, where it has the details: it is fitted to the repository's files.
CREATE TABLE issue_texts (
    leak  INTEGER PRIMARY KEY REFERENCES leaks ON DELETE CASCADE,
    title TEXT NOT NULL,
    body  BLOB NOT NULL,
    at    INTEGER NOT NULL
) STRICT;
