-- Each run of an effect has a token of its own, which grows with each beginning; and until when a request that it sent may
-- be under way.
ALTER TABLE actions ADD COLUMN token INTEGER NOT NULL DEFAULT 0;
ALTER TABLE actions ADD COLUMN sending INTEGER NOT NULL DEFAULT 0;
UPDATE actions SET sending = begun WHERE finished = 0;
