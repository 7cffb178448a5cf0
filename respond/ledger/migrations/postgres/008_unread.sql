-- What a scan met and a limit kept from being judged, and how many places of what it recorded it did not record.
ALTER TABLE scans ADD COLUMN unjudged TEXT NOT NULL DEFAULT '[]';
ALTER TABLE scans ADD COLUMN more_places BIGINT NOT NULL DEFAULT 0;
-- Refs, and the whole history by the ref '', whose last reading left something unjudged. While there are attempts left their
-- commits are no tips; later what was left stays written down here.
CREATE TABLE unread (
    repository BIGINT NOT NULL REFERENCES repositories ON DELETE CASCADE,
    ref        BYTEA NOT NULL,
    sha        TEXT NOT NULL,
    reasons    TEXT NOT NULL,
    attempts   BIGINT NOT NULL,
    tried      BIGINT NOT NULL,
    PRIMARY KEY (repository, ref)
);
