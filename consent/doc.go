// Package consent answers one question: may this event of this person be used
// for this purpose, now?
//
// # Which function to use
//
// A team writes [Notice] values, one per version and locale, and checks them
// once with [NewBook]. Per person there is one [Record], kept as an opaque row
// in a [Store] and read with [ReadRecord]: a [History], which decides, and a
// journal of what happened, whose salted commitments go into the consent log.
// [Book.Needs] tells what is still to be asked, [Record.Serve] records that it
// was, [Record.Choose] the answer; [Record.Withdraw], [Record.OptOut] and
// [Record.Erase] take it back, [Record.Import] takes over what was answered
// elsewhere. [Book.Decide] decides, and an allowed
// [Decision] makes the [Grant] that lets one event into a profile.
// [Book.RecordSummary] tells the person all of it. A team that runs a consent system
// already plugs it in as a [Source]. A [Log] keeps a commitment to each [Entry]
// of anybody's record, and shows that none was changed, added or left out since.
//
// [Notice.HTML], [Notice.Plain] and [Notice.JSON] render a notice for a page, a
// letter and a machine: what is held, why, for how long, who sees it, the rights
// and how to use them.
//
// # Bundles, sharing, and new versions
//
// A [Bundle] lets a person answer several purposes of a notice with one tap. A
// [Choice] that names it answers exactly the purposes that it held in the version
// that was shown; [Ask] names the smallest one that would do. Giving data to
// third parties is a purpose of its own, with Sharing set, in no bundle, in a
// notice that names them. [Record.Disclose] records that one of them was told
// something, and refuses where the text that was agreed to does not name it.
//
// [Material] tells what a newer version adds, and Needs asks those again who
// agreed to a purpose that it concerns: a third party concerns sharing, a
// category of data concerns every purpose of the notice. New wording, and less
// than was agreed to, concern nobody. Until a person answered, what that person
// agreed to before stands, and what was added is not covered by it.
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
// Whether a notice is lawful, fair or understood is not decided here, nor whether
// what it says is what is done: that a category or a third party was added is
// known from the notice alone. A record is personal data: it shows what one
// pseudonymous person agreed to. The log holds no personal content, but the moments
// at which somebody chose something; that its end was cut off shows only against a
// head that was kept elsewhere.
//
// # Formats
//
// Times are UTC, in whole milliseconds since 1970. A row is version 0, 1 or 2 of a
// binary form with one encoding per record; a notice hash is SHA-256 over
// length-prefixed fields, and stands in the JSON form of the notice; a record of
// the log is version 0 of a form of fixed length. All have golden files. A [Book]
// and a [Log] are safe for concurrent use, a Record and a History only for
// concurrent reading.
package consent
