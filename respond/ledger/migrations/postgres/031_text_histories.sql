-- The reading of texts that were there before rekey: issues, comments, reviews, discussions, releases. A row is there from its beginning;
-- pending are the lists that are still to be read, as JSON, and cursor is where in the first of them. The lists' own columns count the texts that
-- were read, edited those whose earlier versions were asked for. skipped names the lists that could not be read, each with the reason;
-- again says that they are to be tried again. paused is until when it waits.
CREATE TABLE text_histories (
    repository      BIGINT PRIMARY KEY REFERENCES repositories ON DELETE CASCADE,
    started         BIGINT NOT NULL,
    updated         BIGINT NOT NULL,
    finished        BIGINT NOT NULL DEFAULT 0,
    given_up        BIGINT NOT NULL DEFAULT 0,
    pending         TEXT NOT NULL,
    cursor          TEXT NOT NULL DEFAULT '',
    remaining       BIGINT NOT NULL DEFAULT -1,
    issues          BIGINT NOT NULL DEFAULT 0,
    issue_comments  BIGINT NOT NULL DEFAULT 0,
    review_comments BIGINT NOT NULL DEFAULT 0,
    reviews         BIGINT NOT NULL DEFAULT 0,
    commit_comments BIGINT NOT NULL DEFAULT 0,
    discussions     BIGINT NOT NULL DEFAULT 0,
    releases        BIGINT NOT NULL DEFAULT 0,
    edited          BIGINT NOT NULL DEFAULT 0,
    skipped         TEXT NOT NULL DEFAULT '[]',
    again           BIGINT NOT NULL DEFAULT 0,
    paused          BIGINT NOT NULL DEFAULT 0,
    reason          TEXT NOT NULL DEFAULT ''
);

-- What the reading of texts has asked of GitHub in an installation's hour.
CREATE TABLE text_budgets (
    installation BIGINT PRIMARY KEY,
    began        BIGINT NOT NULL,
    requests     BIGINT NOT NULL,
    points       BIGINT NOT NULL
);
