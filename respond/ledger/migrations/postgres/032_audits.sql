-- The latest audit of each repository's default branch: what its Clerk configuration shows. Findings and gaps are JSON without any source
-- text. manifests and files are hashes of what was read.
CREATE TABLE audits (
    repository BIGINT PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    head       TEXT NOT NULL,
    at         BIGINT NOT NULL,
    clerk      BIGINT NOT NULL,
    manifests  TEXT NOT NULL,
    files      TEXT NOT NULL,
    findings   TEXT NOT NULL,
    gaps       TEXT NOT NULL,
    allowed    BIGINT NOT NULL,
    critical   BIGINT NOT NULL,
    high       BIGINT NOT NULL,
    medium     BIGINT NOT NULL,
    low        BIGINT NOT NULL
);

-- The packages of those repositories that matter to a check.
CREATE TABLE audit_packages (
    repository BIGINT NOT NULL REFERENCES audits ON DELETE CASCADE,
    root       TEXT NOT NULL,
    name       TEXT NOT NULL,
    version    TEXT NOT NULL,
    locked     BIGINT NOT NULL,
    PRIMARY KEY (repository, root, name, version)
);

-- The second check run of head commits.
CREATE TABLE audit_checks (
    repository  BIGINT NOT NULL REFERENCES repositories ON DELETE CASCADE,
    head        TEXT NOT NULL,
    pull_number BIGINT NOT NULL,
    run_id      BIGINT NOT NULL,
    conclusion  TEXT NOT NULL,
    digest      TEXT NOT NULL,
    updated     BIGINT NOT NULL,
    PRIMARY KEY (repository, head)
);

CREATE INDEX audit_checks_pull ON audit_checks (repository, pull_number) WHERE pull_number <> 0;
