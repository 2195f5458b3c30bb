// Package pseudonymsql writes and reads pseudonyms with database/sql. It stands
// apart so that a service without a database links nothing of one.
//
//	db.ExecContext(ctx, "insert into t (person) values (?)", pseudonymsql.Column{ID: id})
//	row.Scan(&id) // a pseudonym.ID scans itself
//
// The column holds 20 bytes, BINARY(20) or bytea; text columns of 32 characters
// are read as well. What is stored is a pseudonym: personal data, not an anonymous
// value; package pseudonym says what it protects and what it does not.
package pseudonymsql
