-- The latest audit of each repository's default branch: what its Clerk configuration shows. Findings and gaps are JSON without any source
-- text. manifests and files are hashes of what was read.
CREATE TABLE audits (
    repository INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    head       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    clerk      INTEGER NOT NULL,
    manifests  TEXT NOT NULL,
    files      TEXT NOT NULL,
    findings   TEXT NOT NULL,
    gaps       TEXT NOT NULL,
    allowed    INTEGER NOT NULL,
    critical   INTEGER NOT NULL,
    high       INTEGER NOT NULL,
    medium     INTEGER NOT NULL,
    low        INTEGER NOT NULL
) STRICT;

-- The packages of those repositories that matter to a check.
CREATE TABLE audit_packages (
    repository INTEGER NOT NULL REFERENCES audits ON DELETE CASCADE,
    root       TEXT NOT NULL,
    name       TEXT NOT NULL,
    version    TEXT NOT NULL,
    locked     INTEGER NOT NULL,
    PRIMARY KEY (repository, root, name, version)
) STRICT, WITHOUT ROWID;

-- The second check run of head commits.
CREATE TABLE audit_checks (
    repository  INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    head        TEXT NOT NULL,
    pull_number INTEGER NOT NULL,
    run_id      INTEGER NOT NULL,
    conclusion  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    updated     INTEGER NOT NULL,
    PRIMARY KEY (repository, head)
) STRICT, WITHOUT ROWID;

CREATE INDEX audit_checks_pull ON audit_checks (repository, pull_number) WHERE pull_number <> 0;
