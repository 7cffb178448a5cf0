-- Ranges of a ref's history (of the whole history: ref '') of which a limit left something unread however often it was tried. Each
-- is named by the ref's checks until it was read after all, or a maintainer accepted it.
CREATE TABLE gaps (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    repository  INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    ref         BLOB NOT NULL,
    base        TEXT NOT NULL,
    head        TEXT NOT NULL,
    reasons     TEXT NOT NULL,
    at          INTEGER NOT NULL,
    accepted    INTEGER NOT NULL DEFAULT 0,
    accepted_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX gaps_repository ON gaps (repository, ref);
