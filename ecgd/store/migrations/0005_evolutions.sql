-- How ST, T and Q have gone over the last days, to be taken up after a restart.

CREATE TABLE evolutions (
    user_id INTEGER PRIMARY KEY REFERENCES users (id),
    record JSON NOT NULL,
    saved_unix_s FLOAT NOT NULL
);
