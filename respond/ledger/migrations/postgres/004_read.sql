-- Commits and tags whose whole past has been read: only such may serve as haves, or what a lost delivery brought would be
-- taken for read.
CREATE TABLE read_tips (
    repository BIGINT NOT NULL REFERENCES repositories ON DELETE CASCADE,
    sha        TEXT NOT NULL,
    PRIMARY KEY (repository, sha)
);
