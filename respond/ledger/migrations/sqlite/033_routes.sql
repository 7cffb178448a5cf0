-- The map of routes of the latest audit: which there are, and what the code shows about each, without source text.
ALTER TABLE audits ADD COLUMN routes TEXT NOT NULL DEFAULT '[]';
