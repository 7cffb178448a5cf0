-- What GitHub's delivery log lists and this ledger does not have, until it is dealt with; see missed.go.
CREATE TABLE missed (
    guid      TEXT PRIMARY KEY,
    log       BIGINT NOT NULL, -- id of the newest attempt in GitHub's log
    delivered BIGINT NOT NULL, -- the first attempt, by our clock
    due       BIGINT NOT NULL,
    tries     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX missed_delivered ON missed (delivered);
-- Work that one process at a time does.
CREATE TABLE leases (
    name  TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until BIGINT NOT NULL
);
-- Whether a delivery was read from GitHub's log, and not received.
ALTER TABLE deliveries ADD COLUMN recovered BIGINT NOT NULL DEFAULT 0;
CREATE INDEX deliveries_uninstalled ON deliveries (installation) WHERE event = 'installation' AND action = 'deleted';
-- Since when what is known is so: what is recovered late does not overwrite what is newer. A ref that was deleted keeps its row for
-- a while, with the empty sha.
ALTER TABLE installations ADD COLUMN as_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN as_of BIGINT NOT NULL DEFAULT 0;
ALTER TABLE tips ADD COLUMN as_of BIGINT NOT NULL DEFAULT 0;
UPDATE installations SET as_of = CAST(extract(epoch FROM now()) AS BIGINT) * 1000000;
UPDATE repositories SET as_of = CAST(extract(epoch FROM now()) AS BIGINT) * 1000000;
UPDATE tips SET as_of = seen;
CREATE INDEX tips_deleted ON tips (repository, as_of) WHERE sha = '';
