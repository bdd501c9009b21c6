-- For stores that ignore conditional writes (class B and C), which need to look back after they wrote.

-- The version on top of a key when its lineage was last audited.
CREATE TABLE audited (path TEXT PRIMARY KEY, version_id TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- Versions that some device's journal said it would delete, before it did.
CREATE TABLE told_deletion (path TEXT NOT NULL, version_id TEXT NOT NULL, PRIMARY KEY (path, version_id)) STRICT, WITHOUT ROWID;

-- How far each device's journal was read.
CREATE TABLE journal_cursor (device_id TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;
