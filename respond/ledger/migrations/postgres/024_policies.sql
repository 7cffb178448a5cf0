-- The last valid policy of an account's .github repository: it applies while the file there has an error or cannot be read. problem is
-- why it does, '' where the file is as here.
CREATE TABLE policies (
    installation BIGINT PRIMARY KEY,
    content      BYTEA NOT NULL,
    read         BIGINT NOT NULL, -- when it was read first
    problem      TEXT NOT NULL DEFAULT ''
);
