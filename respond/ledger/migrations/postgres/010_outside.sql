-- What people without write access brought, in a pull request from a fork: it gets a check run, and nothing else until
-- somebody entitled asks for more, or it is merged.
ALTER TABLE scans ADD COLUMN outside BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leaks ADD COLUMN outside BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sightings ADD COLUMN outside BIGINT NOT NULL DEFAULT 0;

-- Who wrote an entry of allow.fingerprints into the repository's policy, with the role that GitHub gave them then.
CREATE TABLE vouchers (
    repository BIGINT NOT NULL REFERENCES repositories ON DELETE CASCADE,
    entry      TEXT NOT NULL,
    login      TEXT NOT NULL,
    role       TEXT NOT NULL,
    at         BIGINT NOT NULL,
    PRIMARY KEY (repository, entry)
);

-- What targets were told, to count it, and what waits for the next digest.
CREATE TABLE notices (
    id         BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    target     TEXT NOT NULL,
    repository BIGINT NOT NULL REFERENCES repositories ON DELETE CASCADE,
    event      BYTEA NOT NULL,
    waits      BIGINT NOT NULL,
    at         BIGINT NOT NULL
);
CREATE INDEX notices_target ON notices (target, at);
CREATE INDEX notices_waiting ON notices (target, id) WHERE waits <> 0;
CREATE INDEX notices_at ON notices (at);
