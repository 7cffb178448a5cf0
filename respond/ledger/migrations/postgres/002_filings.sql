-- When each leak's issue was filed, so that no repository gets too many in an hour; and the one issue that stands for
-- the leaks that wait.
CREATE TABLE filings (
    leak       BIGINT PRIMARY KEY REFERENCES leaks ON DELETE CASCADE,
    repository BIGINT NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX filings_repository ON filings (repository, at);

CREATE TABLE summaries (
    repository       BIGINT PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    issue_repository BIGINT NOT NULL,
    issue_number     BIGINT NOT NULL,
    issue_url        TEXT NOT NULL,
    issue_digest     TEXT NOT NULL
);

-- Whether the push changed the repository's policy file: its check run tells of mistakes in it.
ALTER TABLE scans ADD COLUMN policy_changed BIGINT NOT NULL DEFAULT 0;
