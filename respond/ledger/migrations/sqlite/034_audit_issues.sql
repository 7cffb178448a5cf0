-- The one issue of a repository about its Clerk configuration. found is a hash of what it was opened or closed for.
CREATE TABLE audit_issues (
    repository       INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    issue_repository INTEGER NOT NULL,
    issue_number     INTEGER NOT NULL,
    issue_url        TEXT NOT NULL,
    issue_digest     TEXT NOT NULL,
    found            TEXT NOT NULL
) STRICT;
