-- When rekey masked a leak's key in a text, and why it did not; 0 and '' where nobody tried.
ALTER TABLE sightings ADD COLUMN masked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sightings ADD COLUMN kept TEXT NOT NULL DEFAULT '';
CREATE INDEX sightings_text ON sightings (node_id) WHERE node_id <> '';
