-- What was done, line by line: by which run (0: by none), when, what, to which path, and the version that is there now or
-- was there last. Beside the deeds: what waits for the user, what stopped the drive; `note` has such things in words.
CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL,
    at_s REAL NOT NULL,
    op TEXT NOT NULL,
    path TEXT NOT NULL,
    version_id TEXT NOT NULL,
    note TEXT NOT NULL
) STRICT;
