-- What was read of a repository beside its git and its texts: of the wiki the commits, of a release's file the version. id is REST's id
-- of the file; 0 where there is but one.
CREATE TABLE readings (
    repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    id         INTEGER NOT NULL,
    version    TEXT NOT NULL,
    read       INTEGER NOT NULL,
    PRIMARY KEY (repository, kind, id)
) STRICT, WITHOUT ROWID;
