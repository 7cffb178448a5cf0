-- When each process last gave a sign of life, in microseconds by the clock of the database.
ALTER TABLE replicas ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
