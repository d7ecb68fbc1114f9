-- What a service calls a message, so that an answer to it is heard after a restart too.

ALTER TABLE outbox ADD COLUMN receipt TEXT;
