CREATE TABLE river_leader (
    elected_at timestamp NOT NULL,
    expires_at timestamp NOT NULL,
    leader_id text NOT NULL,
    name text PRIMARY KEY NOT NULL DEFAULT 'default' CHECK (name = 'default'),
    CONSTRAINT name_length CHECK (length(name) > 0 AND length(name) < 128),
    CONSTRAINT leader_id_length CHECK (length(leader_id) > 0 AND length(leader_id) < 128)
);
CREATE TABLE river_migration (
    line text NOT NULL,
    version integer NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT line_length CHECK (length(line) > 0 AND length(line) < 128),
    CONSTRAINT version_gte_1 CHECK (version >= 1),
    PRIMARY KEY (line, version)
);
CREATE TABLE river_notification (
    id integer PRIMARY KEY AUTOINCREMENT,
    created_at timestamp NOT NULL DEFAULT (datetime('now', 'subsec')),
    payload text NOT NULL,
    topic text NOT NULL,
    CONSTRAINT topic_length CHECK (length(topic) > 0 AND length(topic) < 128)
);
CREATE TABLE river_queue (
    name text PRIMARY KEY NOT NULL,
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    paused_at timestamp,
    updated_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE river_job (
    id integer PRIMARY KEY AUTOINCREMENT,
    args blob NOT NULL DEFAULT (jsonb('{}')),
    attempt integer NOT NULL DEFAULT 0,
    attempted_at timestamp,
    attempted_by blob, -- json
    created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    errors blob, -- json
    finalized_at timestamp,
    kind text NOT NULL,
    max_attempts integer NOT NULL DEFAULT 25,
    metadata blob NOT NULL DEFAULT (jsonb('{}')),
    priority integer NOT NULL DEFAULT 1,
    queue text NOT NULL DEFAULT 'default',
    state text NOT NULL DEFAULT 'available',
    scheduled_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
    tags blob NOT NULL DEFAULT (jsonb('[]')),
    unique_key blob,
    unique_states integer,
    CONSTRAINT finalized_or_finalized_at_null CHECK (
        (finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded')) OR
        (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))
    ),
    CONSTRAINT priority_in_range CHECK (priority >= 1 AND priority <= 4),
    CONSTRAINT queue_length CHECK (length(queue) > 0 AND length(queue) < 128),
    CONSTRAINT kind_length CHECK (length(kind) > 0 AND length(kind) < 128),
    CONSTRAINT state_valid CHECK (state IN ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled'))
);
CREATE TABLE ledger_versions (version INTEGER PRIMARY KEY);
CREATE TABLE ledger_checksums (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL);
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
, head TEXT NOT NULL DEFAULT '', given_up INTEGER NOT NULL DEFAULT 0) STRICT;
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
    backfilled   INTEGER NOT NULL
, swept INTEGER NOT NULL DEFAULT 0, pushed INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE tips (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    ref        BLOB NOT NULL,
    sha        TEXT NOT NULL,
    seen       INTEGER NOT NULL,
    PRIMARY KEY (repository, ref)
) STRICT, WITHOUT ROWID;
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
    first_scan       INTEGER NOT NULL, outside INTEGER NOT NULL DEFAULT 0,
    UNIQUE (repository, fingerprint)
) STRICT;
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
    place        TEXT NOT NULL, outside INTEGER NOT NULL DEFAULT 0, -- hash of commit, path, member, line and column: paths are too long for an index
    UNIQUE (leak, place)
) STRICT;
CREATE TABLE scan_sightings (
    scan     INTEGER NOT NULL REFERENCES scans ON DELETE CASCADE,
    sighting INTEGER NOT NULL REFERENCES sightings ON DELETE CASCADE,
    at_head  INTEGER NOT NULL,
    PRIMARY KEY (scan, sighting)
) STRICT, WITHOUT ROWID;
CREATE TABLE annotations (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    head       TEXT NOT NULL,
    sighting   INTEGER NOT NULL REFERENCES sightings ON DELETE CASCADE,
    PRIMARY KEY (repository, head, sighting)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE actions (
    key      TEXT PRIMARY KEY NOT NULL,
    begun    INTEGER NOT NULL,
    finished INTEGER NOT NULL DEFAULT 0,
    result   TEXT NOT NULL DEFAULT '',
    owner    TEXT NOT NULL,
    lease    INTEGER NOT NULL
, token INTEGER NOT NULL DEFAULT 0, sending INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE meta (
    key   TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE keyed_jobs (
    kind    TEXT NOT NULL,
    key     TEXT NOT NULL,
    waiting INTEGER NOT NULL,
    running INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE replicas (
    id   TEXT PRIMARY KEY NOT NULL,
    beat INTEGER NOT NULL
, seen INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
CREATE TABLE filings (
    leak       INTEGER PRIMARY KEY REFERENCES leaks ON DELETE CASCADE,
    repository INTEGER NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE TABLE summaries (
    repository       INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    issue_repository INTEGER NOT NULL,
    issue_number     INTEGER NOT NULL,
    issue_url        TEXT NOT NULL,
    issue_digest     TEXT NOT NULL
) STRICT;
CREATE TABLE read_tips (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    sha        TEXT NOT NULL, at INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (repository, sha)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE unread (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    ref        BLOB NOT NULL,
    sha        TEXT NOT NULL,
    reasons    TEXT NOT NULL,
    attempts   INTEGER NOT NULL,
    tried      INTEGER NOT NULL,
    PRIMARY KEY (repository, ref)
) STRICT, WITHOUT ROWID;
CREATE TABLE vouchers (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    entry      TEXT NOT NULL,
    login      TEXT NOT NULL,
    role       TEXT NOT NULL,
    at         INTEGER NOT NULL,
    PRIMARY KEY (repository, entry)
) STRICT, WITHOUT ROWID;
CREATE TABLE notices (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    target     TEXT NOT NULL,
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    event      BLOB NOT NULL,
    waits      INTEGER NOT NULL,
    at         INTEGER NOT NULL
) STRICT;
CREATE TABLE parked (
    job          INTEGER PRIMARY KEY,
    installation INTEGER NOT NULL
) STRICT;
CREATE TABLE paces (
    installation INTEGER NOT NULL,
    rate         TEXT NOT NULL,
    next         INTEGER NOT NULL,
    PRIMARY KEY (installation, rate)
) STRICT;
CREATE TABLE closures (
    installation INTEGER NOT NULL,
    scope        TEXT NOT NULL,
    until        INTEGER NOT NULL,
    PRIMARY KEY (installation, scope)
) STRICT;
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
INSERT INTO river_migration VALUES ('main', 1, '2026-11-28 18:20:50');
INSERT INTO river_migration VALUES ('main', 2, '2026-11-28 18:20:50');
INSERT INTO river_migration VALUES ('main', 3, '2026-11-28 18:20:50');
INSERT INTO river_migration VALUES ('main', 4, '2026-11-28 18:20:50');
INSERT INTO river_migration VALUES ('main', 5, '2026-11-28 18:20:50');
INSERT INTO river_migration VALUES ('main', 6, '2026-11-28 18:20:50');
INSERT INTO river_migration VALUES ('main', 7, '2026-11-28 18:20:50');
INSERT INTO river_migration VALUES ('main', 8, '2026-11-28 18:20:50');
INSERT INTO river_job VALUES (1, X'CC29476775696467707573682039C70C696E7374616C6C6174696F6E1337A77265706F7369746F72791339', 0, NULL, NULL, '2026-11-28 18:20:51.009', NULL, NULL, 'delivery', 10, X'0C', 1, 'scan', 'available', '2026-11-28 18:20:51.009', X'0B', X'2F4D836955013CBD23D5D0A097392E8EA28DDCC749C82B9D1D3A304E90DF6541', 241);
INSERT INTO river_job VALUES (2, X'CC2C47677569649764656C657465642039C70C696E7374616C6C6174696F6E1337A77265706F7369746F72791339', 0, NULL, NULL, '2026-11-28 18:20:51.009', NULL, NULL, 'delivery', 10, X'0C', 1, 'respond', 'available', '2026-11-28 18:20:51.009', X'0B', X'80C4A7D79E70B583AD81950662A725D037E18A88C60503B6F0C83F2FA64C0B5A', 241);
INSERT INTO river_job VALUES (3, X'7C476C65616B1331', 0, NULL, NULL, '2026-11-28 18:20:51.012', NULL, NULL, 'issue', 10, X'CC26C71272697665723A756E697175655F6E6F6E6365C71032313764653665323338653363316536', 1, 'respond', 'available', '2026-11-28 18:20:51.012', X'0B', NULL, NULL);
INSERT INTO river_job VALUES (4, X'CC3CA77265706F7369746F727913394768656164C72861616161616161616161616161616161616161616161616161616161616161616161616161616161', 0, NULL, NULL, '2026-11-28 18:20:51.013', NULL, NULL, 'check', 10, X'CC26C71272697665723A756E697175655F6E6F6E6365C71063633965323038623563356266643235', 1, 'respond', 'available', '2026-11-28 18:20:51.013', X'0B', NULL, NULL);
INSERT INTO river_job VALUES (5, X'CC10C70C696E7374616C6C6174696F6E1337', 0, NULL, NULL, '2026-11-28 18:20:51.013', NULL, NULL, 'reconcile', 10, X'CC26C71272697665723A756E697175655F6E6F6E6365C71034623738653138366330323433386231', 1, 'respond', 'available', '2026-11-28 18:20:51.013', X'0B', NULL, NULL);
INSERT INTO river_job VALUES (6, X'CC1DC70C696E7374616C6C6174696F6E1337A77265706F7369746F72791339', 0, NULL, NULL, '2026-11-28 18:20:51.018', NULL, NULL, 'backfill', 8, X'CC26C71272697665723A756E697175655F6E6F6E6365C71062613462633234346538623835643365', 1, 'backfill', 'available', '2026-11-28 18:20:51.018', X'0B', NULL, NULL);
INSERT INTO river_job VALUES (7, X'CC31476C65616B1331877175657374696F6ECC1F37576879072742790747526F6C650777417474656D7074133047576F726407', 0, NULL, NULL, '2026-11-28 18:20:51.018', NULL, NULL, 'verify', 10, X'CC26C71272697665723A756E697175655F6E6F6E6365C71065333033643632393738356337303533', 1, 'respond', 'available', '2026-11-28 18:20:51.018', X'0B', NULL, NULL);
INSERT INTO ledger_versions VALUES (1);
INSERT INTO ledger_versions VALUES (2);
INSERT INTO ledger_versions VALUES (3);
INSERT INTO ledger_versions VALUES (4);
INSERT INTO ledger_versions VALUES (5);
INSERT INTO ledger_versions VALUES (6);
INSERT INTO ledger_versions VALUES (7);
INSERT INTO ledger_versions VALUES (8);
INSERT INTO ledger_versions VALUES (9);
INSERT INTO ledger_versions VALUES (10);
INSERT INTO ledger_versions VALUES (11);
INSERT INTO ledger_versions VALUES (12);
INSERT INTO ledger_versions VALUES (13);
INSERT INTO ledger_versions VALUES (14);
INSERT INTO ledger_versions VALUES (15);
INSERT INTO ledger_versions VALUES (16);
INSERT INTO ledger_checksums VALUES (1, '402f67c297358bd632158c7bcbbe8265c8f60ce3685cc8475ada6916faadd6a1');
INSERT INTO ledger_checksums VALUES (2, '9785dbc1e99e4c16357ecdd8e76ae807f738fe362cc8655d0127715e2193bf1a');
INSERT INTO ledger_checksums VALUES (3, '6eb88a9fc5fe34039040232da877754f439fae4c4056744b0ec2155fef5e274e');
INSERT INTO ledger_checksums VALUES (4, '9715d7485bc51fb943b96e32df74b66a8f1200f7eb9a3bfc0dc84160af5b2ff1');
INSERT INTO ledger_checksums VALUES (5, '7065e5cab3d8668a7217f2efa79647e9d6c71406e985f66dd80e5bf41bd57517');
INSERT INTO ledger_checksums VALUES (6, 'a4f2f6ddf196222b6c640d1e84886dca44a88ce3b36c081bca5caf6a17f0214c');
INSERT INTO ledger_checksums VALUES (7, 'a0935fbd5c73ad470d46cd4c7c6f6e3dee84ecde301dd9ea78ffbf2ff5aad354');
INSERT INTO ledger_checksums VALUES (8, '40c9b7b425bdbb7493399d17b80dcd72634347dcf884a2b020373070d7c5b272');
INSERT INTO ledger_checksums VALUES (9, 'c78a517937111c4a3da4db446f1959b08aa736eb6a2f7bb78d2bf3b411a08498');
INSERT INTO ledger_checksums VALUES (10, 'fb77fd5a68371e21f58a7679f59d9d88a27e6cd232ef76e5b9b95ac4bb3d6eb4');
INSERT INTO ledger_checksums VALUES (11, 'ba6051bec82bf2d6b53099083205f4f02e63fe9259c8b1c6f95f752f6e530348');
INSERT INTO ledger_checksums VALUES (12, '104d0ddd3d47f7130ffc18bd7a75850bb3a5b1594e7233fb942fcdd0521a7c90');
INSERT INTO ledger_checksums VALUES (13, '8d860f9419fbedecab115f314c3d0c59cf5d9ec356b727d65c1b70285959a115');
INSERT INTO ledger_checksums VALUES (14, '5cf9a244eeb1662a9f91e12a45210f92ffdcd2ecb9b79e3a094dd3e537c866e3');
INSERT INTO ledger_checksums VALUES (15, '55f9e5a61a5392512af3956ce7cf6806fd827620bf32c6e422532a9eb8fb9081');
INSERT INTO ledger_checksums VALUES (16, '01d374598e7e4c76a24b4d0db0243e4641054474998465a60537f3b57548f529');
INSERT INTO deliveries VALUES (1, 'deleted 9', 'repository', 'deleted', 7, 9, 1772600767123456, 1772600767123456, 'done', X'', '', 0);
INSERT INTO deliveries VALUES (2, 'push 9', 'push', '', 7, 9, 1772600767123456, 0, '', X'007B7D', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 0);
INSERT INTO installations VALUES (7, 8, 'acme', 0);
INSERT INTO repositories VALUES (9, 7, 'acme', 'shop', 'main', 0, 0, 1772600767123456, 0, 0);
INSERT INTO tips VALUES (9, X'726566732F68656164732F6D61696E', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1772600767123456);
INSERT INTO scans VALUES (1, 9, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '', 'push', X'726566732F68656164732F6D61696E', 0, 'mona', 2, 3, 4, 5, 1500, '["a tree: cut off"]', 1772600767123456, '', 0, '[]', 0, 0);
INSERT INTO leaks VALUES (1, 9, 'f1', 'secret_key', 'live', 'critical', 'high', '["a Clerk variable"]', 'sk_live_…a1b2', '', '', 'CLERK_SECRET_KEY', 0, 'open', 1772597167123456, 1772600767123456, 0, 0, '', 'said so', 'mona', '', 0, '', 0, 0, '', '', 1, 0);
INSERT INTO sightings VALUES (1, 1, 'file', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', X'612FFF0A6040002E656E76', X'782E7A69702179', 'plain', 1, 3, 1, 53, 'Mona', 'm@example.com', 1772597167123456, X'726566732F68656164732F6D61696E', 0, 1, '2ef1ffcceaa8863741770b9e5dfb219b', 0);
INSERT INTO sightings VALUES (2, 1, 'file', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', X'612FFF0A6040002E656E76', X'782E7A69702179', 'plain', 2, 3, 2, 53, 'Mona', 'm@example.com', 1772597167123456, X'726566732F68656164732F6D61696E', 0, 1, '8066b5c9f6d68fe593eaa3a1c6902196', 0);
INSERT INTO scan_sightings VALUES (1, 1, 1);
INSERT INTO scan_sightings VALUES (1, 2, 1);
INSERT INTO annotations VALUES (9, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1);
INSERT INTO checks VALUES (9, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1, '', '', 1772600767123456);
INSERT INTO events VALUES (1, 1, 1772600767123456, 'mona', 'open', 'open', '');
INSERT INTO actions VALUES ('check:9:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1772600767123456, 1772600767123456, 'done', 'issue 4711', 1772600767123456, 1, 0);
INSERT INTO actions VALUES ('command:9:comment:1', 1772600767123456, 1772600767123456, 'done', 'issue 4711', 1772600767123456, 1, 0);
INSERT INTO actions VALUES ('effect:leak:1:close_issue:1', 1772600767123456, 1772600767123456, 'done', 'issue 4711', 1772600767123456, 1, 0);
INSERT INTO actions VALUES ('effects:1', 1772600767123456, 1772600767123456, 'done', 'issue 4711', 1772600767123456, 1, 0);
INSERT INTO actions VALUES ('issue:1', 1772600767123456, 1772600767123456, 'done', 'issue 4711', 1772600767123456, 1, 0);
INSERT INTO actions VALUES ('summary:9', 1772600767123456, 1772600767123456, 'done', 'issue 4711', 1772600767123456, 1, 0);
INSERT INTO keyed_jobs VALUES ('backfill', '9', 6, 0);
INSERT INTO keyed_jobs VALUES ('check', '9@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 4, 0);
INSERT INTO keyed_jobs VALUES ('issue', '1', 3, 0);
INSERT INTO keyed_jobs VALUES ('reconcile', '7', 5, 0);
INSERT INTO filings VALUES (1, 9, 1772600767123456);
INSERT INTO summaries VALUES (9, 9, 0, '', '');
INSERT INTO read_tips VALUES (9, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 1772600767123456);
INSERT INTO backfills VALUES (9, 'arriving', 1, 0, 0, 0, 1772600767123456, 1772600767123456, '', 0);
INSERT INTO vouchers VALUES (9, 'f1', '', '', 1772600767123456);
INSERT INTO notices VALUES (1, 'team', 9, X'7B7D', 1, 1772600767123456);
INSERT INTO paces VALUES (7, 'checks', 1);
INSERT INTO closures VALUES (7, 'rest', 1);
INSERT INTO gaps VALUES (1, 9, X'726566732F68656164732F6D61696E', '', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', '["too large"]', 1772600767123456, 0, '');
CREATE INDEX river_notification_created_at_idx ON river_notification (created_at);
CREATE INDEX river_notification_topic_id_idx ON river_notification (topic, id);
CREATE INDEX river_job_kind ON river_job (kind);
CREATE INDEX river_job_state_and_finalized_at_index ON river_job (state, finalized_at) WHERE finalized_at IS NOT NULL;
CREATE INDEX river_job_prioritized_fetching_index ON river_job (state, queue, priority, scheduled_at, id);
CREATE UNIQUE INDEX river_job_unique_idx ON river_job (unique_key)
    WHERE unique_key IS NOT NULL
        AND unique_states IS NOT NULL
        AND CASE state
            WHEN 'available' THEN unique_states & (1 << 0)
            WHEN 'cancelled' THEN unique_states & (1 << 1)
            WHEN 'completed' THEN unique_states & (1 << 2)
            WHEN 'discarded' THEN unique_states & (1 << 3)
            WHEN 'pending'   THEN unique_states & (1 << 4)
            WHEN 'retryable' THEN unique_states & (1 << 5)
            WHEN 'running'   THEN unique_states & (1 << 6)
            WHEN 'scheduled' THEN unique_states & (1 << 7)
            ELSE 0
        END >= 1;
CREATE INDEX deliveries_received ON deliveries (received);
CREATE INDEX deliveries_waiting ON deliveries (id) WHERE finished = 0;
CREATE INDEX repositories_installation ON repositories (installation);
CREATE INDEX tips_seen ON tips (repository, seen);
CREATE INDEX leaks_issue ON leaks (issue_repository, issue_number) WHERE issue_number <> 0;
CREATE INDEX leaks_state ON leaks (state, detected);
CREATE INDEX scan_sightings_sighting ON scan_sightings (sighting);
CREATE INDEX annotations_sighting ON annotations (sighting);
CREATE INDEX events_leak ON events (leak);
CREATE INDEX filings_repository ON filings (repository, at);
CREATE INDEX repositories_swept ON repositories (swept) WHERE backfilled <> 0;
CREATE INDEX deliveries_deleted ON deliveries (repository) WHERE event = 'repository' AND action = 'deleted';
CREATE INDEX deliveries_head ON deliveries (repository, head) WHERE finished = 0 AND head <> '';
CREATE INDEX read_tips_at ON read_tips (repository, at);
CREATE INDEX notices_target ON notices (target, at);
CREATE INDEX notices_waiting ON notices (target, id) WHERE waits <> 0;
CREATE INDEX notices_at ON notices (at);
CREATE INDEX parked_installation ON parked (installation);
CREATE INDEX repositories_unread ON repositories (installation, pushed) WHERE backfilled = 0;
CREATE INDEX gaps_repository ON gaps (repository, ref);
