-- Whole histories are read by backfills, and Clerk is asked by verifications: what waits and what is recorded is called so too.
ALTER TABLE looks RENAME TO backfills;
ALTER TABLE backfills RENAME COLUMN begun TO started;
ALTER TABLE backfills RENAME COLUMN told TO updated;
ALTER TABLE backfills RENAME COLUMN deadly TO crashed;
ALTER TABLE repositories RENAME COLUMN first_looked TO backfilled;
UPDATE scans SET event = 'backfill' WHERE event = 'first_look';
UPDATE keyed_jobs SET kind = 'backfill' WHERE kind = 'first_look';
UPDATE river_job SET kind = 'backfill' WHERE kind = 'first_look';
UPDATE river_job SET kind = 'verify' WHERE kind = 'ask';
UPDATE actions SET key = 'command:' || substr(key, 6) WHERE key LIKE 'word:%';
