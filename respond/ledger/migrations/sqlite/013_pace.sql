-- How far each installation's writes of a rate are taken, by all processes, and what GitHub told to wait with; see pace.go.
-- Installation 0 is the App itself.
CREATE TABLE paces (
    installation INTEGER NOT NULL,
    rate         TEXT NOT NULL,
    next         INTEGER NOT NULL,
    PRIMARY KEY (installation, rate)
) STRICT;
CREATE TABLE closures (
    installation INTEGER NOT NULL,
    scope        TEXT NOT NULL,
    until        INTEGER NOT NULL,
    PRIMARY KEY (installation, scope)
) STRICT;
