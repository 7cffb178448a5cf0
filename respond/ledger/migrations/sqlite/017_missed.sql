-- What GitHub's delivery log lists and this ledger does not have, until it is dealt with; see missed.go.
CREATE TABLE missed (
    guid      TEXT PRIMARY KEY NOT NULL,
    log       INTEGER NOT NULL, -- id of the newest attempt in GitHub's log
    delivered INTEGER NOT NULL, -- the first attempt, by our clock
    due       INTEGER NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX missed_delivered ON missed (delivered);
-- Work that one process at a time does.
CREATE TABLE leases (
    name  TEXT PRIMARY KEY NOT NULL,
    owner TEXT NOT NULL,
    until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Whether a delivery was read from GitHub's log, and not received.
ALTER TABLE deliveries ADD COLUMN recovered INTEGER NOT NULL DEFAULT 0;
CREATE INDEX deliveries_uninstalled ON deliveries (installation) WHERE event = 'installation' AND action = 'deleted';
-- Since when what is known is so: what is recovered late does not overwrite what is newer. A ref that was deleted keeps its row for
-- a while, with the empty sha.
ALTER TABLE installations ADD COLUMN as_of INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN as_of INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tips ADD COLUMN as_of INTEGER NOT NULL DEFAULT 0;
UPDATE installations SET as_of = CAST(strftime('%s', 'now') AS INTEGER) * 1000000;
UPDATE repositories SET as_of = CAST(strftime('%s', 'now') AS INTEGER) * 1000000;
UPDATE tips SET as_of = seen;
CREATE INDEX tips_deleted ON tips (repository, as_of) WHERE sha = '';
