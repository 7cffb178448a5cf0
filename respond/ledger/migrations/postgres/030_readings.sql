-- What was read of a repository beside its git and its texts: of the wiki the commits, of a release's file the version. id is REST's id
-- of the file; 0 where there is but one.
CREATE TABLE readings (
    repository BIGINT NOT NULL REFERENCES repositories ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    id         BIGINT NOT NULL,
    version    TEXT NOT NULL,
    read       BIGINT NOT NULL,
    PRIMARY KEY (repository, kind, id)
);
