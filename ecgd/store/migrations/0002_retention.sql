-- Retention: what is kept of old detail, and by what its age is known. Baselines, archived patients.

ALTER TABLE users ADD COLUMN archived_unix_s FLOAT;

ALTER TABLE recordings ADD COLUMN thinned_unix_s FLOAT;
CREATE INDEX recordings_whole ON recordings (id) WHERE thinned_unix_s IS NULL;
CREATE INDEX recordings_whole_by_time ON recordings (timestamp) WHERE thinned_unix_s IS NULL;
DROP INDEX recordings_by_stream;
CREATE INDEX recordings_by_stream ON recordings (stream, start_index);
CREATE INDEX alerts_by_time ON alerts (user_id, timestamp);

CREATE TABLE baselines (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    record JSON NOT NULL,
    saved_unix_s FLOAT NOT NULL
);

CREATE TABLE trends (
    user_id INTEGER NOT NULL REFERENCES users (id),
    timestamp DATETIME NOT NULL,
    pass INTEGER NOT NULL,
    heartbeats INTEGER,
    bpm_count INTEGER,
    bpm_min FLOAT,
    bpm_median FLOAT,
    bpm_max FLOAT,
    anomalies INTEGER,
    anomaly_type TEXT,
    verdicts INTEGER,
    anomaly_verdicts INTEGER,
    unjudged_verdicts INTEGER,
    risk_level TEXT,
    quality_median FLOAT,
    st_mv JSON,
    score_max FLOAT,
    reports INTEGER,
    connected_reports INTEGER,
    battery_level_min INTEGER,
    battery_mv_median FLOAT,
    contact_min FLOAT,
    electrodes_off JSON,
    saturated_count INTEGER,
    overrun_count INTEGER,
    PRIMARY KEY (user_id, timestamp, pass)
) WITHOUT ROWID;

CREATE TABLE clock_marks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    running_s FLOAT NOT NULL,
    unix_s FLOAT NOT NULL,
    recording_id INTEGER NOT NULL,
    result_id INTEGER NOT NULL,
    heartbeat_id INTEGER NOT NULL,
    status_id INTEGER NOT NULL
);
