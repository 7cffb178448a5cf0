-- How many deliveries of an installation wait decides about the priority of the next one; see package queue.
CREATE INDEX river_job_backlog ON river_job (queue, (CAST(args->>'installation' AS BIGINT)), priority)
    WHERE kind = 'delivery' AND state IN ('available', 'scheduled');
-- A repository's open leaks are found among its own, and not among all that are open.
CREATE INDEX leaks_repository_state ON leaks (repository, state);
