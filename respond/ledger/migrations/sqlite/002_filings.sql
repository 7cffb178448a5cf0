-- When each leak's issue was filed, so that no repository gets too many in an hour; and the one issue that stands for
-- the leaks that wait.
CREATE TABLE filings (
    leak       INTEGER PRIMARY KEY REFERENCES leaks ON DELETE CASCADE,
    repository INTEGER NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE INDEX filings_repository ON filings (repository, at);

CREATE TABLE summaries (
    repository       INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    issue_repository INTEGER NOT NULL,
    issue_number     INTEGER NOT NULL,
    issue_url        TEXT NOT NULL,
    issue_digest     TEXT NOT NULL
) STRICT;

-- Whether the push changed the repository's policy file: its check run tells of mistakes in it.
ALTER TABLE scans ADD COLUMN policy_changed INTEGER NOT NULL DEFAULT 0;
