-- The ref whose files hold the leak by what its issue says: a push to it may have taken the leak out, and then the issue is
-- written again.
ALTER TABLE leaks ADD COLUMN files_ref BLOB NOT NULL DEFAULT x'';
