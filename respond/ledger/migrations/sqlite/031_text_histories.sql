-- The reading of texts that were there before rekey: issues, comments, reviews, discussions, releases. A row is there from its beginning;
-- pending are the lists that are still to be read, as JSON, and cursor is where in the first of them. The lists' own columns count the texts that
-- were read, edited those whose earlier versions were asked for. skipped names the lists that could not be read, each with the reason;
-- again says that they are to be tried again. paused is until when it waits.
CREATE TABLE text_histories (
    repository      INTEGER PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    started         INTEGER NOT NULL,
    updated         INTEGER NOT NULL,
    finished        INTEGER NOT NULL DEFAULT 0,
    given_up        INTEGER NOT NULL DEFAULT 0,
    pending         TEXT NOT NULL,
    cursor          TEXT NOT NULL DEFAULT '',
    remaining       INTEGER NOT NULL DEFAULT -1,
    issues          INTEGER NOT NULL DEFAULT 0,
    issue_comments  INTEGER NOT NULL DEFAULT 0,
    review_comments INTEGER NOT NULL DEFAULT 0,
    reviews         INTEGER NOT NULL DEFAULT 0,
    commit_comments INTEGER NOT NULL DEFAULT 0,
    discussions     INTEGER NOT NULL DEFAULT 0,
    releases        INTEGER NOT NULL DEFAULT 0,
    edited          INTEGER NOT NULL DEFAULT 0,
    skipped         TEXT NOT NULL DEFAULT '[]',
    again           INTEGER NOT NULL DEFAULT 0,
    paused          INTEGER NOT NULL DEFAULT 0,
    reason          TEXT NOT NULL DEFAULT ''
) STRICT;

-- What the reading of texts has asked of GitHub in an installation's hour.
CREATE TABLE text_budgets (
    installation INTEGER PRIMARY KEY,
    began        INTEGER NOT NULL,
    requests     INTEGER NOT NULL,
    points       INTEGER NOT NULL
) STRICT;
