// Package ingest reads events that a team has already: files of CSV with a header
// line or of JSON Lines, plain or gzip, and track calls of Segment and RudderStack,
// from files or from bodies of requests. Each event becomes a [Row], whose fields
// are those of an event of the engine.
//
//	reader, err := ingest.Open("clicks.csv.gz", ingest.Config{Mapping: mapping})
//	for row, err := range reader.Rows(ctx) { ... }           // files
//
//	tracks, err := ingest.NewTracks(ingest.Config{Track: &mapping, Now: time.Now, TTLDays: 90})
//	rows, err = tracks.Decode(rows[:0], body)                // one call, or a batch
//
// A [Mapping] says which column, or which top-level JSON member, holds what; a
// [TrackMapping] says it for track calls; a [Profile] does it for one public data
// set and cleans it too.
//
// Only what a mapping names is looked at. All else (addresses, user agents, traits,
// device ids, page URLs, whatever comes next) is passed over as bytes: it becomes
// no string, and is in no row, error or count. A row that cannot be read or used is
// counted under a [Reason] and passed over; a file that is mostly unreadable stops
// with a [*MalformedError]. No reason and no error holds a value out of the input.
//
// Not protected: the bytes of the input pass through buffers of this process; the
// identifier, the message id and the item are in a Row in clear, the identifier
// behind a [pseudonym.Raw] that prints as a fixed text; whether an item or a message
// id tells of a person is for who writes them; and whether a sender is who it says
// is for who accepts its calls.
//
// Rows come in the order of the input and carry their number, so that a run can stop
// and a later one go on where it stopped.
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
//	value        amount of the event in all, as a decimal  no amount
//	             number without sign or exponent, at most
//	             three places; with unit
//	unit         of value; "=EUR" gives every row that     (required with value)
//	             unit
//	consent      yes/no, true/false, 1/0, granted/refused  no answer
//
// A mapped column must be in the header of a CSV file. An empty value counts as
// absent for the person (the row is counted apart and passed over), the
// category, the amount and the consent, and for the item where there is a category;
// anywhere else it makes the row malformed. A time without a zone is UTC. An amount
// counts whatever the kind of its event: leave it empty where something was looked at
// and not bought. Track calls bring no amounts.
//
// # Track calls
//
// A call must have a messageId, and none is made up: an engine drops a second
// message of the same id and person for seven days, so that a batch that is sent
// again changes nothing. A call of several products gives each of them the id with
// a slash and its place, from 1.
//
// The time is receivedAt - (sentAt - originalTimestamp), as Segment documents it,
// where the three are there: how long the sender kept the call, by the sender's
// own clock, before the moment at which it came. It is refused where that is less
// than -[segment.MaxAhead] or more than the TTL, or where receivedAt is in the
// future. Otherwise timestamp is taken as it is, or originalTimestamp. What then
// lies too far ahead of Now, or before the last TTLDays days of UTC, is refused
// here, as an engine without zone would. Times are written as RFC 3339 has them.
//
// # Limits
//
// A record by a Mapping is at most 1 MiB, 1,024 fields and 256 lines (a quoted CSV
// field may hold line breaks). After a record with a broken quote, reading goes on at
// the line after the one where it began. A body or line of track calls is at most
// 4 MiB and 64 levels deep, with 4,096 calls of 8,192 members and 256 products each;
// of one that breaks the grammar or a limit, nothing is taken. Memory does not grow
// with the file, nor with what gzip unpacks to.
package ingest
