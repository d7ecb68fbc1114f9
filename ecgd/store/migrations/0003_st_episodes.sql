-- ST episodes: when ST left what was usual, how far it went, and when it came back.

CREATE TABLE st_episodes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id),
    timestamp DATETIME NOT NULL,
    lead_group TEXT NOT NULL,
    direction TEXT NOT NULL,
    reference TEXT NOT NULL,
    confirmed_unix_s FLOAT NOT NULL,
    extremum_unix_s FLOAT NOT NULL,
    change_mv FLOAT NOT NULL,
    leads JSON NOT NULL,
    st_mv JSON NOT NULL,
    ended_unix_s FLOAT,
    end_reason TEXT
);
CREATE INDEX st_episodes_by_user ON st_episodes (user_id, timestamp);
CREATE INDEX st_episodes_under_way ON st_episodes (user_id) WHERE end_reason IS NULL;
