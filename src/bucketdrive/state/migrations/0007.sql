-- What it takes to undo a run: what was agreed on before each deed ('nothing', 'file', 'folder'; empty where that was not
-- written down), of a file its version and ETag, and the path that it was moved from.
ALTER TABLE log ADD COLUMN before TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN before_id TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN before_etag TEXT NOT NULL DEFAULT '';
-- And the ETag of what is agreed on since, where a version's id may not be known.
ALTER TABLE log ADD COLUMN etag TEXT NOT NULL DEFAULT '';
ALTER TABLE log ADD COLUMN source TEXT NOT NULL DEFAULT '';
-- Whether the user asked for this very deed, by a restore or an undo; the others of such a run only bring it here.
ALTER TABLE log ADD COLUMN is_asked INTEGER NOT NULL DEFAULT 0;
CREATE INDEX log_by_run ON log (run);
