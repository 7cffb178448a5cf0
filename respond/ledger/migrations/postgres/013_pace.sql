-- How far each installation's writes of a rate are taken, by all processes, and what GitHub told to wait with; see pace.go.
-- Installation 0 is the App itself.
CREATE TABLE paces (
    installation BIGINT NOT NULL,
    rate         TEXT NOT NULL,
    next         BIGINT NOT NULL,
    PRIMARY KEY (installation, rate)
);
CREATE TABLE closures (
    installation BIGINT NOT NULL,
    scope        TEXT NOT NULL,
    until        BIGINT NOT NULL,
    PRIMARY KEY (installation, scope)
);
