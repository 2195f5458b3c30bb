CREATE TABLE {schema}.consent_log_head (
	one    boolean PRIMARY KEY DEFAULT true CHECK (one),
	length bigint NOT NULL CHECK (length >= 0)
);
INSERT INTO {schema}.consent_log_head (length) VALUES (0);

CREATE TABLE {schema}.consent_log (
	seq    bigint PRIMARY KEY CHECK (seq >= 0),
	record bytea NOT NULL
);
