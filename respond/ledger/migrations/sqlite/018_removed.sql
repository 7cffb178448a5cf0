-- When an installation was removed, or a repository left its installation: what is known of them is kept for a while, in case they
-- come back.
ALTER TABLE installations ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE repositories ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX repositories_removed ON repositories (removed) WHERE removed <> 0;
-- What is forgotten in small steps is found without reading whole tables.
CREATE INDEX notices_repository ON notices (repository);
CREATE INDEX tips_sha ON tips (repository, sha);
