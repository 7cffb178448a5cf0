-- Whether a delivery was finished without being done: if it comes again it is done again.
ALTER TABLE deliveries ADD COLUMN given_up BIGINT NOT NULL DEFAULT 0;
UPDATE deliveries SET given_up = 1 WHERE outcome LIKE 'scan given up%';
-- Jobs that wait for the end of an installation's suspension.
CREATE TABLE parked (
    job          BIGINT PRIMARY KEY,
    installation BIGINT NOT NULL
);
CREATE INDEX parked_installation ON parked (installation);
