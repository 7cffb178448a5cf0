-- How many deliveries of an installation wait decides about the priority of the next one; see package queue.
CREATE INDEX river_job_backlog ON river_job (queue, json_extract(args, '$.installation'), priority)
    WHERE kind = 'delivery' AND state IN ('available', 'scheduled');
