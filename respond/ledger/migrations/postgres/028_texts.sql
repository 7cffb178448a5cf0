-- Leaks in texts on GitHub: issues, comments, reviews, discussions, releases. node_id and text_url are '' for what is in git.
ALTER TABLE sightings ADD COLUMN node_id TEXT NOT NULL DEFAULT '';
ALTER TABLE sightings ADD COLUMN text_id BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sightings ADD COLUMN number BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sightings ADD COLUMN text_url TEXT NOT NULL DEFAULT '';
ALTER TABLE sightings ADD COLUMN field TEXT NOT NULL DEFAULT '';
ALTER TABLE sightings ADD COLUMN former BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sightings ADD COLUMN gone BIGINT NOT NULL DEFAULT 0;

-- What was found in the texts of a delivery, before it was masked: JSON without credentials; '' where nothing was.
ALTER TABLE deliveries ADD COLUMN found TEXT NOT NULL DEFAULT '';
