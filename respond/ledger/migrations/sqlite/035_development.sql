-- How often the latest audit found a development instance in files for production, whatever the policy's level is.
ALTER TABLE audits ADD COLUMN development INTEGER NOT NULL DEFAULT 0;
