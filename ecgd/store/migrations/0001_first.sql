-- Times are Unix seconds (UTC) unless a name ends in _mono_s. Lists and maps are JSON.

PRAGMA application_id = 0x45434744;

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    patient_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at DATETIME NOT NULL,
    sex TEXT NOT NULL DEFAULT 'unknown',
    birth_year INTEGER
);

CREATE TABLE devices (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    device_id TEXT NOT NULL,
    fs_hz FLOAT NOT NULL,
    leads JSON NOT NULL,
    counts_per_mv FLOAT NOT NULL,
    baseline_counts INTEGER NOT NULL,
    adc_bits INTEGER NOT NULL,
    firmware TEXT NOT NULL,
    protocol TEXT NOT NULL,
    highpass_hz FLOAT,
    lowpass_hz FLOAT,
    input_range_mv FLOAT,
    notch_on BOOLEAN NOT NULL,
    first_seen DATETIME NOT NULL,
    last_seen DATETIME NOT NULL,
    UNIQUE (user_id, device_id)
);

CREATE TABLE recordings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    device_id INTEGER NOT NULL REFERENCES devices (id),
    stream TEXT NOT NULL,
    timestamp DATETIME NOT NULL,
    duration_seconds INTEGER NOT NULL DEFAULT 0,
    sampling_rate INTEGER NOT NULL,
    num_leads INTEGER NOT NULL,
    leads JSON NOT NULL,
    counts_per_mv FLOAT NOT NULL,
    baseline_counts INTEGER NOT NULL,
    start_index INTEGER,
    end_index INTEGER,
    boot_id TEXT NOT NULL,
    started_mono_s FLOAT NOT NULL,
    finished_unix_s FLOAT,
    finish_reason TEXT,
    raw_data BLOB,
    preprocessed_data BLOB
);
CREATE INDEX recordings_by_user ON recordings (user_id, timestamp);
CREATE INDEX recordings_by_stream ON recordings (stream);
CREATE INDEX recordings_unpacked ON recordings (id) WHERE raw_data IS NULL;

CREATE TABLE waveform_segments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    recording_id INTEGER NOT NULL REFERENCES recordings (id),
    start_index INTEGER NOT NULL,
    sample_count INTEGER NOT NULL,
    timestamp DATETIME NOT NULL,
    data BLOB NOT NULL
);
CREATE INDEX waveform_segments_by_recording ON waveform_segments (recording_id);

CREATE TABLE analysis_results (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    recording_id INTEGER REFERENCES recordings (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    timestamp DATETIME NOT NULL,
    start_index INTEGER NOT NULL,
    end_index INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    risk_level TEXT,
    model_name VARCHAR NOT NULL,
    prediction FLOAT,
    confidence FLOAT,
    features JSON
);
CREATE INDEX analysis_results_by_user ON analysis_results (user_id, timestamp);
CREATE INDEX analysis_results_by_recording ON analysis_results (recording_id);

CREATE TABLE alerts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL UNIQUE,
    recording_id INTEGER REFERENCES recordings (id),
    user_id INTEGER NOT NULL REFERENCES users (id),
    patient_name TEXT NOT NULL,
    timestamp DATETIME NOT NULL,
    occurred_mono_s FLOAT NOT NULL,
    boot_id TEXT NOT NULL,
    clock_synchronised BOOLEAN NOT NULL,
    simulated BOOLEAN NOT NULL,
    event_type VARCHAR NOT NULL,
    severity VARCHAR NOT NULL,
    description TEXT NOT NULL,
    recommended_action TEXT NOT NULL,
    clinical_notes JSON NOT NULL,
    evidence JSON NOT NULL,
    territory TEXT,
    not_visible JSON NOT NULL,
    confidence FLOAT,
    scores JSON NOT NULL,
    st_risk TEXT,
    st_mv JSON NOT NULL,
    st_change_mv JSON NOT NULL,
    heart_rate_bpm FLOAT,
    quality JSON NOT NULL,
    location TEXT NOT NULL,
    sample_index INTEGER,
    models_hash TEXT NOT NULL,
    config_hash TEXT NOT NULL,
    user_notified BOOLEAN NOT NULL DEFAULT 0,
    acknowledged_unix_s FLOAT,
    acknowledged_by TEXT,
    cleared_unix_s FLOAT
);
CREATE INDEX alerts_by_user ON alerts (user_id, id);
CREATE INDEX alerts_by_recording ON alerts (recording_id);
CREATE INDEX alerts_unacknowledged ON alerts (id) WHERE acknowledged_unix_s IS NULL;

CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL,
    alert_id TEXT NOT NULL REFERENCES alerts (alert_id),
    target TEXT NOT NULL,
    severity INTEGER NOT NULL,
    body BLOB NOT NULL,
    created_unix_s FLOAT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before_unix_s FLOAT NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'pending',
    last_attempt_unix_s FLOAT,
    last_detail TEXT NOT NULL DEFAULT '',
    UNIQUE (message_id, target)
);
CREATE INDEX outbox_pending ON outbox (severity DESC, id) WHERE state = 'pending';
CREATE INDEX outbox_by_alert ON outbox (alert_id);

CREATE TABLE device_status (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    timestamp DATETIME NOT NULL,
    battery_level INTEGER,
    signal_quality FLOAT,
    bluetooth_connected BOOLEAN NOT NULL,
    electrode_contact_quality FLOAT,
    battery_mv INTEGER,
    electrodes_off JSON,
    electrodes_sensed JSON,
    saturated_count INTEGER,
    overrun_count INTEGER,
    uptime_s INTEGER,
    reset_cause TEXT,
    sending BOOLEAN,
    self_test BOOLEAN
);
CREATE INDEX device_status_by_user ON device_status (user_id, timestamp);

CREATE TABLE heartbeats (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    timestamp DATETIME NOT NULL,
    bpm FLOAT,
    anomaly_type TEXT
);
CREATE INDEX heartbeats_by_user ON heartbeats (user_id, timestamp);

CREATE TABLE health_events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    timestamp DATETIME NOT NULL,
    event_type TEXT NOT NULL,
    message TEXT NOT NULL,
    details JSON NOT NULL
);
CREATE INDEX health_events_by_user ON health_events (user_id, timestamp);

CREATE TABLE notes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    timestamp DATETIME NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX notes_by_user ON notes (user_id, timestamp);

CREATE TABLE alarm_state (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    book JSON NOT NULL,
    saved_unix_s FLOAT NOT NULL
);
