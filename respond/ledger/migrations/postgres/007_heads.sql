-- What a push made its ref point to. While its delivery has not been finished, that commit is a base that will be read.
ALTER TABLE deliveries ADD COLUMN head TEXT NOT NULL DEFAULT '';
CREATE INDEX deliveries_head ON deliveries (repository, head) WHERE finished = 0 AND head <> '';
-- Since when a tip's past is known to have been read: a push whose base was lost is read from what was read before it came.
ALTER TABLE read_tips ADD COLUMN at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX read_tips_at ON read_tips (repository, at);
