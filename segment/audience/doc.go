// Package audience says when a segment has enough people to be named to others:
// to be exported, or shown to operators, one by one.
//
// It reads nothing but released counts. A [Gate] takes releases of segment sizes
// and opens a segment while the lower confidence bound of its newest count is at
// least k ([Config.MinPeople]). Once open it stays open until that bound falls below
// k/2, so that noise around k does not open and close it day by day. A segment that
// the newest release does not name is closed, and so is every segment once that
// release is older than [Config.MaxAgeDays].
//
//   - To export who is in a segment, use the engine's ExportMemberships: it asks a
//     gate of its own, and consent.
//   - To know which k the noise can carry, before anything is spent, use [Forecast].
//   - To ask from numbers published elsewhere, make a [Gate] with [New] and hand it
//     what dp.ReadRelease returned.
//
// # Guarantee
//
// A gate is post-processing of releases: it spends no budget and tells nothing of
// anybody that the releases did not tell. The types hold it: [Gate.Observe] takes
// dp.Release values, which only a charged draw or a signed note makes, and nothing
// else here takes a number about people.
//
// Let n be the bounded count of a segment, which is at most the number of its
// people, and alpha = [Config.Chance], the most probability that the bound lies above
// n. For any one release, whatever the gate did before,
//
//	P[the bound is at least k] <= alpha where n < k,
//	P[the segment is open]     <= alpha where n < k/2.
//
// So a segment that had fewer than k people at each of m releases was open at any of
// them with probability at most m*alpha. The proof is in docs/proofs/audience.md.
//
// # State
//
// What a gate answers is a function of the releases that it was given, and of the
// day on which it is asked. Their order of arrival makes no difference, nor does a
// release that comes twice: they are taken in the order of their entries in the
// ledger. After a restart, hand in what was released; a release with more than 64
// newer ones behind it is settled, and passed over if it comes only then.
//
// # What is not protected
//
// An audience of k people hides nobody in it: whoever receives the members knows
// them. k people are k records: one person under several identifiers counts more
// than once, and whoever can invent people can fill a segment. The people that
// bounding leaves out are not counted, so that a segment may stay closed that has
// k people; never the other way round.
package audience
