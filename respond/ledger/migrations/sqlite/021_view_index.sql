-- Counting leaks reads this and not the leaks, whose rows are wide.
CREATE INDEX leaks_counted ON leaks (repository, outside, state, severity, environment, kind, confidence, detected, closed);

-- The paths of a leak, each once, a line each, in lower case, to be searched.
CREATE TABLE leak_paths (
    leak  INTEGER PRIMARY KEY REFERENCES leaks ON DELETE CASCADE,
    paths TEXT NOT NULL
) STRICT;
INSERT INTO leak_paths (leak, paths) SELECT leak, substr(group_concat(path, char(10)), 1, 4000)
    FROM (SELECT DISTINCT leak, lower(CAST(path AS TEXT)) AS path FROM sightings WHERE outside = 0 AND length(path) > 0) GROUP BY leak;
