-- What a status asks of a large drive, without reading all of it: how many files, how large, which may be conflict copies.
CREATE INDEX synced_sizes ON synced (kind, size);
CREATE INDEX synced_copies ON synced (path) WHERE instr(path, ' (conflict ') > 0;
