CREATE TABLE {schema}.migration (
	version int PRIMARY KEY,
	major   int NOT NULL,
	applied timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE {schema}.binding (
	one       boolean PRIMARY KEY DEFAULT true CHECK (one),
	salt      bytea NOT NULL,
	tenant    bytea NOT NULL,
	key_check bytea NOT NULL,
	store_key bytea NOT NULL
);

CREATE TABLE {schema}.ledger_head (
	one    boolean PRIMARY KEY DEFAULT true CHECK (one),
	length bigint NOT NULL CHECK (length >= 0)
);
INSERT INTO {schema}.ledger_head (length) VALUES (0);

CREATE TABLE {schema}.ledger (
	seq    bigint PRIMARY KEY CHECK (seq >= 0),
	record bytea NOT NULL,
	blob   bytea
);

CREATE TABLE {schema}.access_head (
	one    boolean PRIMARY KEY DEFAULT true CHECK (one),
	length bigint NOT NULL CHECK (length >= 0)
);
INSERT INTO {schema}.access_head (length) VALUES (0);

CREATE TABLE {schema}.access (
	seq    bigint PRIMARY KEY CHECK (seq >= 0),
	record bytea NOT NULL
);

CREATE TABLE {schema}.subject_row (
	place text COLLATE "C" NOT NULL,
	id    bytea NOT NULL,
	value bytea NOT NULL,
	PRIMARY KEY (place, id)
);
