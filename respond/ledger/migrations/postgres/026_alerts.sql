-- Alerts of GitHub's secret scanning about leaks, by the leak's fingerprint: an alert may be there before the leak is recorded. state ''
-- is not known yet; ours says that rekey resolved it.
CREATE TABLE alerts (
    repository     BIGINT NOT NULL REFERENCES repositories ON DELETE CASCADE,
    number         BIGINT NOT NULL,
    fingerprint    TEXT NOT NULL,
    url            TEXT NOT NULL,
    name           TEXT NOT NULL,
    state          TEXT NOT NULL,
    resolution     TEXT NOT NULL,
    resolved_by    TEXT NOT NULL,
    resolved_at    BIGINT NOT NULL,
    comment        TEXT NOT NULL,
    ours           BIGINT NOT NULL,
    public         BIGINT NOT NULL,
    bypassed_by    TEXT NOT NULL,
    bypassed_at    BIGINT NOT NULL,
    bypass_comment TEXT NOT NULL,
    PRIMARY KEY (repository, number)
);
CREATE INDEX alerts_leak ON alerts (repository, fingerprint);

-- Where GitHub found an alert's secret beside files: in issues, pull requests, discussions, wikis.
CREATE TABLE alert_places (
    repository BIGINT NOT NULL REFERENCES repositories ON DELETE CASCADE,
    alert      BIGINT NOT NULL,
    kind       TEXT NOT NULL,
    url        TEXT NOT NULL,
    PRIMARY KEY (repository, alert, kind, url)
);

-- What was uploaded for the Security tab last. refused is when GitHub said that it takes nothing; 0: it did not.
CREATE TABLE uploads (
    repository BIGINT PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    digest     TEXT NOT NULL,
    results    BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    refused    BIGINT NOT NULL,
    reason     TEXT NOT NULL
);
