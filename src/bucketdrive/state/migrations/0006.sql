-- Sweeps: what a pass over the bucket's versions told, kept so that looking back again asks nobody. A copy, not a truth.

-- path: what was swept, with all below it (empty: the drive). began_s: when, by the store's clock, 0 where that does not tell: what happened in an
-- earlier second is in it. key_marker, version_marker: how far an open one came; versions: how many it has by then. word: open, complete,
-- or dropped, while its versions go.
CREATE TABLE sweep (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    began_s REAL NOT NULL,
    key_marker TEXT NOT NULL DEFAULT '',
    version_marker TEXT NOT NULL DEFAULT '',
    versions INTEGER NOT NULL DEFAULT 0,
    word TEXT NOT NULL DEFAULT 'open' CHECK (word IN ('open', 'complete', 'dropped'))
) STRICT;

-- The versions and delete markers of files, as they were listed: by key, and within one newest first. id: the sweep's, times 2^32, plus the
-- place in it. So rows are only ever appended, which costs a third of an index by path; a path is found by halving, since they are sorted.
CREATE TABLE swept (
    id INTEGER PRIMARY KEY,
    path TEXT NOT NULL,
    version_id TEXT NOT NULL,
    is_marker INTEGER NOT NULL,
    etag TEXT NOT NULL,
    size INTEGER NOT NULL,
    modified_s REAL NOT NULL
) STRICT;

-- What is told of one version is looked for, beside what is told of a path: a file may have had thousands.
DROP INDEX told_by_path;
CREATE INDEX told_by_path ON told (path, version_id);
-- And where files were moved to, by the path that they had.
CREATE INDEX told_by_source ON told (source) WHERE source <> '';
