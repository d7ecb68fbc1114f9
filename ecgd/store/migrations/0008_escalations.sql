-- Who was told of an alert, and who answered; those that are open are taken up after a restart.

CREATE TABLE escalations (
    alert_id TEXT PRIMARY KEY REFERENCES alerts (alert_id),
    is_open BOOLEAN NOT NULL,
    record JSON NOT NULL,
    saved_unix_s FLOAT NOT NULL
);
CREATE INDEX escalations_open ON escalations (alert_id) WHERE is_open;
