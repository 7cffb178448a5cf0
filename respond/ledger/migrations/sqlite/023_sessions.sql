-- Who is signed in to the dashboard. A row is named by the SHA-256 of the cookie's content; sealed, GitHub's tokens, opens with that
-- content alone. access is what GitHub said that the person sees, and state the sign-in's, which makes one session.
CREATE TABLE sessions (
    id       TEXT PRIMARY KEY NOT NULL,
    state    TEXT NOT NULL UNIQUE,
    person   INTEGER NOT NULL,
    login    TEXT NOT NULL,
    started  INTEGER NOT NULL,
    used     INTEGER NOT NULL,
    checked  INTEGER NOT NULL,
    stale    INTEGER NOT NULL DEFAULT 0, -- since when access is known to have changed
    renewing INTEGER NOT NULL DEFAULT 0, -- until when a process renews the tokens
    ended    INTEGER NOT NULL DEFAULT 0,
    sealed   BLOB NOT NULL,
    access   BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_person ON sessions (person);
