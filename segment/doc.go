// Package segment keeps, for each person and purpose, what a person who agreed
// did, in bounded form, and says which interest segments follow from it.
//
// A profile is one row of bytes. [Rules] are the checked definitions, declared
// measures and taxonomy of one purpose. [Rules.Admit] is the only way into a
// row: it asks for a Grant, which proves that consent was decided, and a Link,
// which proves that the row's pseudonym and the consent subject are one person.
// [ReadProfile] reads a row; [Rules.Segments], [Rules.Person], [Rules.History],
// [Rules.Explain] and [Rules.Export] answer from it; [Rules.ForgetCategory]
// forgets one interest and [Rules.Expire] what is over. A person's wishes are
// [Rules.Dismiss], not interested in a category, and [Rules.Leave], not in a
// segment; [Rules.Interested] and [Rules.Rejoin] take them back. The functions do no
// I/O; a [Store] keeps the rows.
//
// # What a row holds
//
// The salt it was born with; the days of the first and the last recorded event;
// the accounting window from which it counts in releases; the end of consent
// with the notice; for each category the number of events by day, and what their
// amounts add up to where a definition or measure sums them; for each
// declared measure and accounting window at most MaxItems items with category,
// last day and capped count; keyed hashes of message ids, for seven days;
// the categories that the person is not interested in and the segments that the
// person has left, as long as consent lasts, without when that was said. No
// event is kept, no time of day, no identifier, and nothing that no segment,
// declared measure or ranking reads.
//
// # Guarantees
//
//   - Order: within an accounting window a row is a function of the set of
//     (event, grant, moment) that reached it: row(e1..en) = row(p(e1..en)) for
//     every permutation p and any repetition of events with message ids, up to
//     the caps on message ids. Over the cap on categories or items it stays so,
//     because a keyed rank, not the arrival, decides which are kept. Recording
//     drops what is over only with the first event of a new window, by that
//     window's first day; [Rules.Expire] drops it at any time.
//   - One person: a row is a function of that person's events alone.
//   - Erasure: deleting a row equals never having seen the person.
//     ForgetCategory equals never having seen the events of the subtree, but for
//     the hashes of their message ids, which stay so that a replay stays a
//     no-op, the days of first and last recording, and places that other
//     categories or items lost to them at a cap.
//   - Wishes: of what is dismissed nothing is held and nothing is taken, whether
//     it came before or after; leaving a segment takes nobody into another one.
//   - Definitions: a circle of segments, or one of another purpose, is refused;
//     in a segment of an advertising purpose is only who has evidence of it on two
//     distinct days.
//   - Amounts: whole thousandths of a unit, never negative, of categories and in
//     units that a [Sum] of the purpose reads; of others nothing is kept. A day's
//     amounts stop at 2^44, whatever their order.
//   - Membership: integer arithmetic only, so that every machine decides alike.
//     A decayed score is the sum of count * 2^-(age/half-life) in fixed point
//     with 32 fractional bits; each factor is below the exact one by less than
//     2^-31.
//
// # Days and zones
//
// A day of what people do is a calendar day of RulesConfig.Zone, of 23 or 25 hours
// where clocks change; [Rules.Day] tells it, for the time of an event and for now
// alike. It is UTC if no zone is given. Windows and releases are accounted for by days of UTC,
// whatever the zone: a release as of such a day reads the days of the zone that are
// over when it is, so that it counts nothing that happened later; west of Greenwich
// that is up to a day less than has happened. The zone moves a person's own events
// between that person's own days, and no bound on what a person adds depends on it.
//
// # Taxonomies
//
// A [Taxonomy] is the forest of categories that events and definitions may name.
// [Small] ships. [ReadTSV] and [ReadTaxonomy] read a shop's own, [ReadIAB] and
// [ReadTopics] what is published, from the published files, which are not part of
// this library; [ReadMapping] and [Taxonomy.WithMapping] bring ids of one tree
// into another, [Taxonomy.WithAliases] any other names. [Taxonomy.RollUp] makes
// categories coarser.
//
// What a taxonomy does not know is denied, under each name. What is marked
// sensitive is denied with everything below it: by Admit for every purpose, and
// by [NewRules] in all, any and none, so that no segment says who keeps away from
// it either. An alias is what it names, and a mapping makes no alias of what is
// sensitive where it comes from. Nothing takes a mark away.
//
// For the trees that we know, readers mark the ids of [Special], whatever the
// file flags. For a tree of your own, look at [SuggestMarks] once, mark what is
// right with the flag column or [Taxonomy.Mark], and keep that with the tree:
//
//	tree, _, err := segment.ReadTaxonomy(file, segment.TaxonomyOptions{})
//	for _, s := range segment.SuggestMarks(tree) {
//		fmt.Println(s.ID, tree.Path(s.ID), s.Reason)
//	}
//
// A file with a cycle, an orphan, a duplicate or a node that is its own parent is
// refused. With TaxonomyOptions.Repair it is mended, and a [Report] tells the rows:
// what hangs in the air becomes a root that is sensitive, because it may belong
// below something that is. Where a file says two things about the place of a row,
// it is sensitive if either place is.
//
// # What it does not protect
//
// Rows are personal data: a [Store] seals them. Segments of one person are for
// that person's own pages; what leaves about many people leaves through
// differentially private releases. A taxonomy blocks what it marks sensitive,
// and no more: items may be telling whatever their category says, the lists of
// [Special] are a choice and no legal advice, and [SuggestMarks] knows few words.
package segment
