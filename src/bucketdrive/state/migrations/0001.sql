-- The state of one device of one drive. Losing it loses no data: it is rebuilt from the folder and the bucket.

-- Ids and single facts, as text: drive_id, root_id, device_id, device, epoch, facts, journal_next, synced_s, rebuilding.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- The synced tree: what both sides last agreed on. A folder's row has only path, kind and local_name.
-- local_name: the name on disk where it is not the path itself; is_fp_safe 0: hash the file at the next look.
CREATE TABLE synced (
    path TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('file', 'dir')),
    sha256 TEXT NOT NULL DEFAULT '',
    size INTEGER NOT NULL DEFAULT 0,
    etag TEXT NOT NULL DEFAULT '',
    version_id TEXT NOT NULL DEFAULT '',
    local_size INTEGER NOT NULL DEFAULT 0,
    mtime_ns INTEGER NOT NULL DEFAULT 0,
    ctime_ns INTEGER NOT NULL DEFAULT 0,
    inode INTEGER NOT NULL DEFAULT 0,
    mode INTEGER NOT NULL DEFAULT 0,
    is_fp_safe INTEGER NOT NULL DEFAULT 0,
    local_name TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

-- What was begun: written before its effect, as JSON of model.attempts.Attempt. Open ones are settled before anything
-- else; an upload whose version never showed stays for a day, since a lost request may still be executed.
CREATE TABLE attempt (
    op TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    is_open INTEGER NOT NULL,
    started_s REAL NOT NULL,
    fields TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Files set aside under .bucketdrive/quarantine, until they are proved to be listed versions.
CREATE TABLE quarantine (
    place TEXT PRIMARY KEY,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    purge_after_s REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- Paths for which nothing is done, as the last run left them; guard names the guard that asks the user.
CREATE TABLE hold (
    path TEXT PRIMARY KEY,
    reason TEXT NOT NULL,
    guard TEXT NOT NULL,
    since_s REAL NOT NULL,
    is_approved INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Journal entries not yet announced: written with the change they tell of, removed after the PUT.
CREATE TABLE outbox (id INTEGER PRIMARY KEY, entry TEXT NOT NULL) STRICT;

-- What each run did. report: JSON of model.reports.SyncReport.
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    started_s REAL NOT NULL,
    finished_s REAL NOT NULL,
    deleted_here INTEGER NOT NULL,
    deleted_in_bucket INTEGER NOT NULL,
    report TEXT NOT NULL
) STRICT;
