-- When a repository's refs were last compared with the recorded tips.
ALTER TABLE repositories ADD COLUMN swept BIGINT NOT NULL DEFAULT 0;
CREATE INDEX repositories_swept ON repositories (swept) WHERE first_looked <> 0;
