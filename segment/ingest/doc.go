// Package ingest reads files of events, one row at a time: CSV with a header
// line, or JSON Lines, plain or gzip. A [Mapping] says which column, or which
// top-level JSON member, holds what; a [Profile] does the same for one public
// data set and cleans it too.
//
// Rows come in file order and carry their number, so that a run can stop and a
// later one go on where it stopped. A row that cannot be read is counted under
// a [Reason] and passed over; a file that is mostly unreadable stops with a
// [*MalformedError]. Neither a reason nor an error ever holds a value out of
// the file.
//
// # Mapping
//
//	field        holds                                     when not mapped
//	person       identifier of the person                  (required)
//	person-kind  not a column: "email", "email-gmail", "phone", "device",
//	             "opaque", or the hash of one: "sha256-email", "sha1-email",
//	             "md5-email", "sha256-phone"                (required)
//	time         moment of the event                       (required)
//	time-layout  not a column: a Go layout, "rfc3339",     "rfc3339"
//	             "unix" (seconds) or "unix-ms"
//	item         what the event is about                   no item; then category is required
//	category     category of the item                      no category
//	kind         "view", "purchase", ...; "=view" gives    (required)
//	             every row that kind
//	message-id   the same on every delivery of the event   made from the row number
//	count        whole number from 1                       1
//	consent      yes/no, true/false, 1/0, granted/refused  no answer
//
// A mapped column must be in the header of a CSV file. An empty value counts as
// absent for the person (the row is counted apart and passed over), the
// category and the consent, and for the item where there is a category;
// anywhere else it makes the row malformed. A time without a zone is UTC.
//
// # Limits
//
// A record is at most 1 MiB, 1,024 fields and 256 lines (a quoted CSV field may
// hold line breaks). After a record with a broken quote, reading goes on at the
// line after the one where it began. Memory does not grow with the file.
package ingest
