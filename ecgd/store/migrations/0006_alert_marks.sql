-- What people said of an alert afterwards: every mark is kept, the newest counts.

CREATE TABLE alert_marks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    alert_id TEXT NOT NULL REFERENCES alerts (alert_id),
    timestamp DATETIME NOT NULL,
    verdict TEXT NOT NULL,
    author TEXT NOT NULL,
    note TEXT NOT NULL
);
CREATE INDEX alert_marks_by_alert ON alert_marks (alert_id);
