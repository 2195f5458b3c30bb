// Package consent answers one question: may this event of this person be used
// for this purpose, now?
//
// # Which function to use
//
// A team writes [Notice] values, one per version and locale, and checks them
// once with [NewBook]. Per person there is one [History], kept as an opaque row
// in a [Store] and read with [ReadHistory]. [Book.Needs] tells what is still to
// be asked, [Book.Choose] records the answer, [History.Withdraw] and
// [History.Erase] take it back, [Book.Decide] decides, and an allowed
// [Decision] makes the [Grant] that lets one event into a profile.
// [Book.Summary] tells the person all of it. A team that runs a consent system
// already plugs it in as a [Source].
//
// # The guarantee
//
// A choice opens an interval of one purpose,
//
//	[given, min(withdrawn, expires, erased))
//
// and an event is allowed only if
//
//	given <= event time < end   and   given <= now < end
//
// for one and the same interval. So consent is not retroactive, a replay from
// before a withdrawal stays out, and giving consent again does not bring back
// what was recorded before. Agreeing again while an interval is open keeps its
// beginning. Denial wins: over a Source that allows, and downward, from
// "personalize" to "personalize.content"; a grant covers exactly the purposes
// that were shown and named. Unknown, late, failing and broken all mean no.
//
// # Receipts
//
// [NewReceipt] puts what a person's records hold into the fields of ISO/IEC TS
// 27560:2023, [Receipt.Sign] signs it, and [ReadReceipt] reads it anywhere, with
// the public key alone. A receipt shows each [Entry] with its salt, so that its
// commitment can be looked for in the consent log.
//
// # Not protected
//
// The package believes its caller about who chose, what was shown and what time
// it is. When a clock runs behind the newest record of a person, that record's
// time is used in its place, so no step back revives a withdrawn consent.
// Whether a notice is lawful, fair or understood is not decided here. A history
// is personal data: it shows what one pseudonymous person agreed to.
//
// # Formats
//
// Times are UTC, in whole milliseconds since 1970. A row is version 0 of a
// binary form with one encoding per history; a notice hash is SHA-256 over
// length-prefixed fields. Both have golden files. A [Book] is safe for concurrent use, a
// History only for concurrent reading.
package consent
