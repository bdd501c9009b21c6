-- What the journals of all devices told, ours too, line by line: deletions that were announced, files that were moved,
-- who did what and when. A copy of what is in the bucket; read anew where it is missing.
CREATE TABLE told (
    device_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    line INTEGER NOT NULL,
    op TEXT NOT NULL,
    path TEXT NOT NULL,
    version_id TEXT NOT NULL,
    base TEXT NOT NULL,
    source TEXT NOT NULL,
    size INTEGER NOT NULL,
    at_s REAL NOT NULL,
    run INTEGER NOT NULL,
    PRIMARY KEY (device_id, number, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX told_by_path ON told (path);

-- It held the deletions alone; the journals are read again from their beginning.
DROP TABLE told_deletion;
DELETE FROM journal_cursor;
