CREATE TABLE deliveries (
    id           INTEGER PRIMARY KEY,
    guid         TEXT NOT NULL UNIQUE,
    event        TEXT NOT NULL,
    action       TEXT NOT NULL,
    installation INTEGER NOT NULL,
    repository   INTEGER NOT NULL,
    received     INTEGER NOT NULL,
    finished     INTEGER NOT NULL DEFAULT 0,
    outcome      TEXT NOT NULL DEFAULT '',
    body         BLOB NOT NULL
) STRICT;
CREATE INDEX deliveries_received ON deliveries (received);
CREATE INDEX deliveries_waiting ON deliveries (id) WHERE finished = 0;

CREATE TABLE installations (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL DEFAULT 0,
    account    TEXT NOT NULL DEFAULT '',
    suspended  INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE repositories (
    id             INTEGER PRIMARY KEY,
    installation   INTEGER NOT NULL REFERENCES installations ON DELETE CASCADE,
    owner          TEXT NOT NULL,
    name           TEXT NOT NULL,
    default_branch TEXT NOT NULL,
    private        INTEGER NOT NULL,
    archived       INTEGER NOT NULL,
    first_looked   INTEGER NOT NULL
) STRICT;
CREATE INDEX repositories_installation ON repositories (installation);

CREATE TABLE tips (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    ref        BLOB NOT NULL,
    sha        TEXT NOT NULL,
    seen       INTEGER NOT NULL,
    PRIMARY KEY (repository, ref)
) STRICT, WITHOUT ROWID;
CREATE INDEX tips_seen ON tips (repository, seen);

CREATE TABLE scans (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    repository  INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    head        TEXT NOT NULL,
    base        TEXT NOT NULL,
    event       TEXT NOT NULL,
    ref         BLOB NOT NULL,
    pull_number INTEGER NOT NULL,
    pusher      TEXT NOT NULL,
    commits     INTEGER NOT NULL,
    blobs       INTEGER NOT NULL,
    bytes       INTEGER NOT NULL,
    pack_bytes  INTEGER NOT NULL,
    duration    INTEGER NOT NULL,
    skipped     TEXT NOT NULL,
    finished    INTEGER NOT NULL,
    failure     TEXT NOT NULL,
    UNIQUE (repository, head, base, event)
) STRICT;

CREATE TABLE leaks (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    repository       INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    fingerprint      TEXT NOT NULL,
    kind             TEXT NOT NULL,
    environment      TEXT NOT NULL,
    severity         TEXT NOT NULL,
    confidence       TEXT NOT NULL,
    reasons          TEXT NOT NULL,
    redacted         TEXT NOT NULL,
    instance         TEXT NOT NULL,
    dashboard        TEXT NOT NULL,
    variable         TEXT NOT NULL,
    browser          INTEGER NOT NULL,
    state            TEXT NOT NULL,
    introduced       INTEGER NOT NULL,
    detected         INTEGER NOT NULL,
    responded        INTEGER NOT NULL DEFAULT 0,
    closed           INTEGER NOT NULL DEFAULT 0,
    closed_by        TEXT NOT NULL DEFAULT '',
    reason           TEXT NOT NULL DEFAULT '',
    pusher           TEXT NOT NULL,
    instance_id      TEXT NOT NULL DEFAULT '',
    asked            INTEGER NOT NULL DEFAULT 0,
    answer           TEXT NOT NULL DEFAULT '',
    issue_repository INTEGER NOT NULL DEFAULT 0,
    issue_number     INTEGER NOT NULL DEFAULT 0,
    issue_url        TEXT NOT NULL DEFAULT '',
    issue_digest     TEXT NOT NULL DEFAULT '',
    first_scan       INTEGER NOT NULL,
    UNIQUE (repository, fingerprint)
) STRICT;
CREATE INDEX leaks_issue ON leaks (issue_repository, issue_number) WHERE issue_number <> 0;
CREATE INDEX leaks_state ON leaks (state, detected);

CREATE TABLE sightings (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    leak         INTEGER NOT NULL REFERENCES leaks ON DELETE CASCADE,
    source       TEXT NOT NULL,
    blob_sha     TEXT NOT NULL,
    commit_sha   TEXT NOT NULL,
    path         BLOB NOT NULL,
    member       BLOB NOT NULL,
    encoding     TEXT NOT NULL,
    line         INTEGER NOT NULL,
    col          INTEGER NOT NULL,
    end_line     INTEGER NOT NULL,
    end_col      INTEGER NOT NULL,
    author_name  TEXT NOT NULL,
    author_email TEXT NOT NULL,
    authored     INTEGER NOT NULL,
    ref          BLOB NOT NULL,
    allowed      INTEGER NOT NULL,
    first_scan   INTEGER NOT NULL,
    place        TEXT NOT NULL, -- hash of commit, path, member, line and column: paths are too long for an index
    UNIQUE (leak, place)
) STRICT;

CREATE TABLE scan_sightings (
    scan     INTEGER NOT NULL REFERENCES scans ON DELETE CASCADE,
    sighting INTEGER NOT NULL REFERENCES sightings ON DELETE CASCADE,
    at_head  INTEGER NOT NULL,
    PRIMARY KEY (scan, sighting)
) STRICT, WITHOUT ROWID;
CREATE INDEX scan_sightings_sighting ON scan_sightings (sighting);

CREATE TABLE annotations (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    head       TEXT NOT NULL,
    sighting   INTEGER NOT NULL REFERENCES sightings ON DELETE CASCADE,
    PRIMARY KEY (repository, head, sighting)
) STRICT, WITHOUT ROWID;
CREATE INDEX annotations_sighting ON annotations (sighting);

CREATE TABLE checks (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    head       TEXT NOT NULL,
    run_id     INTEGER NOT NULL,
    conclusion TEXT NOT NULL,
    digest     TEXT NOT NULL,
    updated    INTEGER NOT NULL,
    PRIMARY KEY (repository, head)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (
    id         INTEGER PRIMARY KEY,
    leak       INTEGER NOT NULL REFERENCES leaks ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    reason     TEXT NOT NULL
) STRICT;
CREATE INDEX events_leak ON events (leak);

CREATE TABLE actions (
    key      TEXT PRIMARY KEY NOT NULL,
    begun    INTEGER NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0,
    result   TEXT NOT NULL DEFAULT '',
    owner    TEXT NOT NULL,
    lease    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The last queued and the last started job of each key; see keyed.go.
CREATE TABLE keyed_jobs (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    waiting INTEGER NOT NULL,
    running INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

-- The processes that work the queue; see reclaim.go.
CREATE TABLE replicas (
    id   TEXT PRIMARY KEY NOT NULL,
    beat INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
