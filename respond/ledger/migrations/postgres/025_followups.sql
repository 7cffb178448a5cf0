-- What time brings about a leak: a request that waits for a second person, a last day of a false positive, reminders. look is when
-- a leak is to be looked at next; 0: never.
ALTER TABLE leaks ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';
ALTER TABLE leaks ADD COLUMN counts_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leaks ADD COLUMN request_to TEXT NOT NULL DEFAULT '';
ALTER TABLE leaks ADD COLUMN request_by TEXT NOT NULL DEFAULT '';
ALTER TABLE leaks ADD COLUMN request_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leaks ADD COLUMN request_reason TEXT NOT NULL DEFAULT '';
ALTER TABLE leaks ADD COLUMN request_until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leaks ADD COLUMN snoozed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leaks ADD COLUMN reminded BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leaks ADD COLUMN escalated BIGINT NOT NULL DEFAULT 0;
ALTER TABLE leaks ADD COLUMN look BIGINT NOT NULL DEFAULT 0;
CREATE INDEX leaks_look ON leaks (look) WHERE look <> 0;
ALTER TABLE events ADD COLUMN approved_by TEXT NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN counts_until BIGINT NOT NULL DEFAULT 0;

-- Leaks that are open already are brought up over the next day, and not all at once.
UPDATE leaks SET look = (CAST(extract(epoch FROM now()) AS BIGINT) + 3600 + (id * 7919) % 86400) * 1000000 WHERE state = 'open' AND outside = 0;
