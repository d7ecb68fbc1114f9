-- Coverage: what could have been seen of each hour, and why not of the rest.

CREATE TABLE coverage (
    user_id INTEGER NOT NULL REFERENCES users (id),
    hour_unix_s INTEGER NOT NULL,
    from_unix_s FLOAT NOT NULL,
    watched_s FLOAT NOT NULL,
    unseen JSON NOT NULL,
    PRIMARY KEY (user_id, hour_unix_s)
) WITHOUT ROWID;
