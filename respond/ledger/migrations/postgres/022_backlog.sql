-- How many deliveries of an installation wait decides about the priority of the next one; see package queue.
CREATE INDEX river_job_backlog ON river_job (queue, (CAST(args->>'installation' AS BIGINT)), priority)
    WHERE kind = 'delivery' AND state IN ('available', 'scheduled');
