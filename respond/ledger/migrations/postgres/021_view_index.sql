-- Counting leaks reads this and not the leaks, whose rows are wide.
CREATE INDEX leaks_counted ON leaks (repository, outside, state, severity, environment, kind, confidence, detected, closed);

-- The paths of a leak, each once, a line each, in lower case, to be searched.
CREATE TABLE leak_paths (
    leak  BIGINT PRIMARY KEY REFERENCES leaks ON DELETE CASCADE,
    paths TEXT NOT NULL
);
INSERT INTO leak_paths (leak, paths) SELECT leak, substr(string_agg(path, chr(10)), 1, 4000)
    FROM (SELECT DISTINCT leak, lower(encode(path, 'escape')) AS path FROM sightings WHERE outside = 0 AND length(path) > 0) paths GROUP BY leak;
