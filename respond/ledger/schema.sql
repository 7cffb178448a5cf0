-- The tables of the ledger on SQLite after all migrations, the queue's (river_*) left out. PostgreSQL has migrations
-- of its own. Nothing runs this file; go test ./respond/ledger -run TestSchema -update writes it.

CREATE TABLE actions (
    key      TEXT PRIMARY KEY NOT NULL,
    begun    INTEGER NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0,
    result   TEXT NOT NULL DEFAULT '',
    owner    TEXT NOT NULL,
    lease    INTEGER NOT NULL
, token INTEGER NOT NULL DEFAULT 0, sending INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

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

CREATE TABLE alert_places (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    alert      INTEGER NOT NULL,
    kind       TEXT NOT NULL,
    url        TEXT NOT NULL,
    PRIMARY KEY (repository, alert, kind, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE alerts (
    repository     INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    number         INTEGER NOT NULL,
    fingerprint    TEXT NOT NULL,
    url            TEXT NOT NULL,
    name           TEXT NOT NULL,
    state          TEXT NOT NULL,
    resolution     TEXT NOT NULL,
    resolved_by    TEXT NOT NULL,
    resolved_at    INTEGER NOT NULL,
    comment        TEXT NOT NULL,
    ours           INTEGER NOT NULL,
    public         INTEGER NOT NULL,
    bypassed_by    TEXT NOT NULL,
    bypassed_at    INTEGER NOT NULL,
    bypass_comment TEXT NOT NULL,
    PRIMARY KEY (repository, number)
) STRICT, WITHOUT ROWID;

CREATE INDEX alerts_leak ON alerts (repository, fingerprint);

CREATE TABLE annotations (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    head       TEXT NOT NULL,
    sighting   INTEGER NOT NULL REFERENCES sightings ON DELETE CASCADE,
    PRIMARY KEY (repository, head, sighting)
) STRICT, WITHOUT ROWID;

CREATE INDEX annotations_sighting ON annotations (sighting);

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

CREATE TABLE audit_issues (
    repository       INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    issue_repository INTEGER NOT NULL,
    issue_number     INTEGER NOT NULL,
    issue_url        TEXT NOT NULL,
    issue_digest     TEXT NOT NULL,
    found            TEXT NOT NULL
) STRICT;

CREATE TABLE audit_packages (
    repository INTEGER NOT NULL REFERENCES audits ON DELETE CASCADE,
    root       TEXT NOT NULL,
    name       TEXT NOT NULL,
    version    TEXT NOT NULL,
    locked     INTEGER NOT NULL,
    PRIMARY KEY (repository, root, name, version)
) STRICT, WITHOUT ROWID;

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
, routes TEXT NOT NULL DEFAULT '[]', development INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE "backfills" (
    repository INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    phase      TEXT NOT NULL,
    attempt    INTEGER NOT NULL,
    objects    INTEGER NOT NULL DEFAULT 0,
    total      INTEGER NOT NULL DEFAULT 0,
    bytes      INTEGER NOT NULL DEFAULT 0,
    started      INTEGER NOT NULL,
    updated       INTEGER NOT NULL,
    reason     TEXT NOT NULL DEFAULT '',
    crashed     INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE checks (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    head       TEXT NOT NULL,
    run_id     INTEGER NOT NULL,
    conclusion TEXT NOT NULL,
    digest     TEXT NOT NULL,
    updated    INTEGER NOT NULL,
    PRIMARY KEY (repository, head)
) STRICT, WITHOUT ROWID;

CREATE TABLE closures (
    installation INTEGER NOT NULL,
    scope        TEXT NOT NULL,
    until        INTEGER NOT NULL,
    PRIMARY KEY (installation, scope)
) STRICT;

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
, head TEXT NOT NULL DEFAULT '', given_up INTEGER NOT NULL DEFAULT 0, recovered INTEGER NOT NULL DEFAULT 0, found TEXT NOT NULL DEFAULT '') STRICT;

CREATE INDEX deliveries_deleted ON deliveries (repository) WHERE event = 'repository' AND action = 'deleted';

CREATE INDEX deliveries_head ON deliveries (repository, head) WHERE finished = 0 AND head <> '';

CREATE INDEX deliveries_received ON deliveries (received);

CREATE INDEX deliveries_uninstalled ON deliveries (installation) WHERE event = 'installation' AND action = 'deleted';

CREATE INDEX deliveries_waiting ON deliveries (id) WHERE finished = 0;

CREATE TABLE events (
    id         INTEGER PRIMARY KEY,
    leak       INTEGER NOT NULL REFERENCES leaks ON DELETE CASCADE,
    at         INTEGER NOT NULL,
    actor      TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state   TEXT NOT NULL,
    reason     TEXT NOT NULL
, approved_by TEXT NOT NULL DEFAULT '', counts_until INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX events_at ON events (at, id);

CREATE INDEX events_leak ON events (leak);

CREATE TABLE filings (
    leak       INTEGER PRIMARY KEY REFERENCES leaks ON DELETE CASCADE,
    repository INTEGER NOT NULL,
    at         INTEGER NOT NULL
) STRICT;

CREATE INDEX filings_repository ON filings (repository, at);

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

CREATE TABLE installations (
    id         INTEGER PRIMARY KEY,
    account_id INTEGER NOT NULL DEFAULT 0,
    account    TEXT NOT NULL DEFAULT '',
    suspended  INTEGER NOT NULL DEFAULT 0
, as_of INTEGER NOT NULL DEFAULT 0, removed INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE issue_texts (
    leak  INTEGER PRIMARY KEY REFERENCES leaks ON DELETE CASCADE,
    title TEXT NOT NULL,
    body  BLOB NOT NULL,
    at    INTEGER NOT NULL
) STRICT;

CREATE TABLE keyed_jobs (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    waiting INTEGER NOT NULL,
    running INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE leak_paths (
    leak  INTEGER PRIMARY KEY REFERENCES leaks ON DELETE CASCADE,
    paths TEXT NOT NULL
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
    first_scan       INTEGER NOT NULL, outside INTEGER NOT NULL DEFAULT 0, files_ref BLOB NOT NULL DEFAULT x'', seen INTEGER NOT NULL DEFAULT 0, approved_by TEXT NOT NULL DEFAULT '', counts_until INTEGER NOT NULL DEFAULT 0, request_to TEXT NOT NULL DEFAULT '', request_by TEXT NOT NULL DEFAULT '', request_at INTEGER NOT NULL DEFAULT 0, request_reason TEXT NOT NULL DEFAULT '', request_until INTEGER NOT NULL DEFAULT 0, snoozed INTEGER NOT NULL DEFAULT 0, reminded INTEGER NOT NULL DEFAULT 0, escalated INTEGER NOT NULL DEFAULT 0, look INTEGER NOT NULL DEFAULT 0,
    UNIQUE (repository, fingerprint)
) STRICT;

CREATE INDEX leaks_counted ON leaks (repository, outside, state, severity, environment, kind, confidence, detected, closed);

CREATE INDEX leaks_issue ON leaks (issue_repository, issue_number) WHERE issue_number <> 0;

CREATE INDEX leaks_look ON leaks (look) WHERE look <> 0;

CREATE INDEX leaks_state ON leaks (state, detected);

CREATE TABLE leases (
    name  TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE ledger_checksums (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL);

CREATE TABLE ledger_versions (version INTEGER PRIMARY KEY);

CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE missed (
    guid      TEXT PRIMARY KEY NOT NULL,
    log       INTEGER NOT NULL, -- id of the newest attempt in GitHub's log
    delivered INTEGER NOT NULL, -- the first attempt, by our clock
    due       INTEGER NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX missed_delivered ON missed (delivered);

CREATE TABLE notices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    target     TEXT NOT NULL,
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    event      BLOB NOT NULL,
    waits      INTEGER NOT NULL,
    at         INTEGER NOT NULL
) STRICT;

CREATE INDEX notices_at ON notices (at);

CREATE INDEX notices_repository ON notices (repository);

CREATE INDEX notices_target ON notices (target, at);

CREATE INDEX notices_waiting ON notices (target, id) WHERE waits <> 0;

CREATE TABLE paces (
    installation INTEGER NOT NULL,
    rate         TEXT NOT NULL,
    next         INTEGER NOT NULL,
    PRIMARY KEY (installation, rate)
) STRICT;

CREATE TABLE parked (
    job          INTEGER PRIMARY KEY,
    installation INTEGER NOT NULL
) STRICT;

CREATE INDEX parked_installation ON parked (installation);

CREATE TABLE policies (
    installation INTEGER PRIMARY KEY NOT NULL,
    content      BLOB NOT NULL,
    read         INTEGER NOT NULL, -- when it was read first
    problem      TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE read_tips (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    sha        TEXT NOT NULL, at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (repository, sha)
) STRICT, WITHOUT ROWID;

CREATE INDEX read_tips_at ON read_tips (repository, at);

CREATE TABLE readings (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    id         INTEGER NOT NULL,
    version    TEXT NOT NULL,
    read       INTEGER NOT NULL,
    PRIMARY KEY (repository, kind, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE replicas (
    id   TEXT PRIMARY KEY NOT NULL,
    beat INTEGER NOT NULL
, seen INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;

CREATE TABLE repositories (
    id             INTEGER PRIMARY KEY,
    installation   INTEGER NOT NULL REFERENCES installations ON DELETE CASCADE,
    owner          TEXT NOT NULL,
    name           TEXT NOT NULL,
    default_branch TEXT NOT NULL,
    private        INTEGER NOT NULL,
    archived       INTEGER NOT NULL,
    backfilled   INTEGER NOT NULL
, swept INTEGER NOT NULL DEFAULT 0, pushed INTEGER NOT NULL DEFAULT 0, as_of INTEGER NOT NULL DEFAULT 0, removed INTEGER NOT NULL DEFAULT 0, history_commits INTEGER NOT NULL DEFAULT 0, history_bytes INTEGER NOT NULL DEFAULT 0, history_took INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE INDEX repositories_installation ON repositories (installation);

CREATE INDEX repositories_removed ON repositories (removed) WHERE removed <> 0;

CREATE INDEX repositories_swept ON repositories (swept) WHERE backfilled <> 0;

CREATE INDEX repositories_unread ON repositories (installation, pushed) WHERE backfilled = 0;

CREATE TABLE scan_sightings (
    scan     INTEGER NOT NULL REFERENCES scans ON DELETE CASCADE,
    sighting INTEGER NOT NULL REFERENCES sightings ON DELETE CASCADE,
    at_head  INTEGER NOT NULL,
    PRIMARY KEY (scan, sighting)
) STRICT, WITHOUT ROWID;

CREATE INDEX scan_sightings_sighting ON scan_sightings (sighting);

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
    failure     TEXT NOT NULL, policy_changed INTEGER NOT NULL DEFAULT 0, unjudged TEXT NOT NULL DEFAULT '[]', more_places INTEGER NOT NULL DEFAULT 0, outside INTEGER NOT NULL DEFAULT 0,
    UNIQUE (repository, head, base, event)
) STRICT;

CREATE INDEX scans_policy ON scans (repository, ref) WHERE policy_changed = 1;

CREATE TABLE sessions (
    id       TEXT PRIMARY KEY NOT NULL,
    state    TEXT NOT NULL UNIQUE,
    person   INTEGER NOT NULL,
    login    TEXT NOT NULL,
    started  INTEGER NOT NULL,
    used     INTEGER NOT NULL,
    checked  INTEGER NOT NULL,
    stale    INTEGER NOT NULL DEFAULT 0, -- since when access is known to have changed
    renewing INTEGER NOT NULL DEFAULT 0, -- until when a process renews the tokens
    ended    INTEGER NOT NULL DEFAULT 0,
    sealed   BLOB NOT NULL,
    access   BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_person ON sessions (person);

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
    place        TEXT NOT NULL, outside INTEGER NOT NULL DEFAULT 0, node_id TEXT NOT NULL DEFAULT '', text_id INTEGER NOT NULL DEFAULT 0, number INTEGER NOT NULL DEFAULT 0, text_url TEXT NOT NULL DEFAULT '', field TEXT NOT NULL DEFAULT '', former INTEGER NOT NULL DEFAULT 0, gone INTEGER NOT NULL DEFAULT 0, masked INTEGER NOT NULL DEFAULT 0, kept TEXT NOT NULL DEFAULT '', -- hash of commit, path, member, line and column: paths are too long for an index
    UNIQUE (leak, place)
) STRICT;

CREATE INDEX sightings_text ON sightings (node_id) WHERE node_id <> '';

CREATE TABLE summaries (
    repository       INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    issue_repository INTEGER NOT NULL,
    issue_number     INTEGER NOT NULL,
    issue_url        TEXT NOT NULL,
    issue_digest     TEXT NOT NULL
) STRICT;

CREATE TABLE text_budgets (
    installation INTEGER PRIMARY KEY,
    began        INTEGER NOT NULL,
    requests     INTEGER NOT NULL,
    points       INTEGER NOT NULL
) STRICT;

CREATE TABLE text_histories (
    repository      INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    started         INTEGER NOT NULL,
    updated         INTEGER NOT NULL,
    finished        INTEGER NOT NULL DEFAULT 0,
    given_up        INTEGER NOT NULL DEFAULT 0,
    pending         TEXT NOT NULL,
    cursor          TEXT NOT NULL DEFAULT '',
    remaining       INTEGER NOT NULL DEFAULT -1,
    issues          INTEGER NOT NULL DEFAULT 0,
    issue_comments  INTEGER NOT NULL DEFAULT 0,
    review_comments INTEGER NOT NULL DEFAULT 0,
    reviews         INTEGER NOT NULL DEFAULT 0,
    commit_comments INTEGER NOT NULL DEFAULT 0,
    discussions     INTEGER NOT NULL DEFAULT 0,
    releases        INTEGER NOT NULL DEFAULT 0,
    edited          INTEGER NOT NULL DEFAULT 0,
    skipped         TEXT NOT NULL DEFAULT '[]',
    again           INTEGER NOT NULL DEFAULT 0,
    paused          INTEGER NOT NULL DEFAULT 0,
    reason          TEXT NOT NULL DEFAULT ''
) STRICT;

CREATE TABLE tips (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    ref        BLOB NOT NULL,
    sha        TEXT NOT NULL,
    seen       INTEGER NOT NULL, as_of INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (repository, ref)
) STRICT, WITHOUT ROWID;

CREATE INDEX tips_deleted ON tips (repository, as_of) WHERE sha = '';

CREATE INDEX tips_seen ON tips (repository, seen);

CREATE INDEX tips_sha ON tips (repository, sha);

CREATE TABLE unread (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    ref        BLOB NOT NULL,
    sha        TEXT NOT NULL,
    reasons    TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    tried      INTEGER NOT NULL,
    PRIMARY KEY (repository, ref)
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
    repository INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    digest     TEXT NOT NULL,
    results    INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    refused    INTEGER NOT NULL,
    reason     TEXT NOT NULL
) STRICT;

CREATE TABLE vouchers (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    entry      TEXT NOT NULL,
    login      TEXT NOT NULL,
    role       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (repository, entry)
) STRICT, WITHOUT ROWID;
