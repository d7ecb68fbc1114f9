-- Capsules: what led to a grave alert, to be replayed bit for bit.

CREATE TABLE capsules (
    alert_id TEXT PRIMARY KEY,
    capsule_id TEXT NOT NULL,
    timestamp FLOAT NOT NULL
) WITHOUT ROWID;

CREATE TABLE capsule_parts (
    id INTEGER PRIMARY KEY,
    capsule_id TEXT NOT NULL,
    part INTEGER NOT NULL,
    is_last BOOLEAN NOT NULL,
    data BLOB NOT NULL,
    UNIQUE (capsule_id, part)
);

CREATE INDEX capsules_by_capsule ON capsules (capsule_id);
