-- When a repository was last pushed to: histories are queued a few at a time, in this order.
ALTER TABLE repositories ADD COLUMN pushed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX repositories_unread ON repositories (installation, pushed) WHERE first_looked = 0;
