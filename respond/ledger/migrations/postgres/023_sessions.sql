-- Who is signed in to the dashboard. A row is named by the SHA-256 of the cookie's content; sealed, GitHub's tokens, opens with that
-- content alone. access is what GitHub said that the person sees, and state the sign-in's, which makes one session.
CREATE TABLE sessions (
    id       TEXT PRIMARY KEY,
    state    TEXT NOT NULL UNIQUE,
    person   BIGINT NOT NULL,
    login    TEXT NOT NULL,
    started  BIGINT NOT NULL,
    used     BIGINT NOT NULL,
    checked  BIGINT NOT NULL,
    stale    BIGINT NOT NULL DEFAULT 0, -- since when access is known to have changed
    renewing BIGINT NOT NULL DEFAULT 0, -- until when a process renews the tokens
    ended    BIGINT NOT NULL DEFAULT 0,
    sealed   BYTEA NOT NULL,
    access   BYTEA NOT NULL
);
CREATE INDEX sessions_person ON sessions (person);
