// Package dp turns what people contribute into differentially private tables.
//
// # What it does
//
// A measure, [SegmentSizes] or [SegmentItems], is declared with the most that
// one person may contribute to it. [Count] reads one record per person, cuts
// each to those bounds and adds them up; [Draw] adds exact integer noise for a
// loss that has been charged to the account, and signs the table. [ReadRelease]
// reads such a table on another machine.
//
//   - To publish numbers, use the engine's Release: it charges the account,
//     durably, before it counts and draws. Count and Draw are its two steps and
//     need a charge that only the ledger makes.
//   - To read a published table, use [ReadRelease].
//   - To know the error before paying, use package dp/plan, or [Predict] for
//     one release.
//   - To bound a window, write a [Budget].
//
// # Guarantee
//
// Let v(D) be the vector of a measure over the people D: one number per cell.
// Adding or removing one person changes at most L0 cells, each by at most LInf,
// so
//
//	|v(D) - v(D')|_2 <= sqrt(L0) * LInf.
//
// A release is v(D) + round(Z), Z normal with standard deviation sigma in every
// cell, which is mu-Gaussian-DP with
//
//	mu = sqrt(L0) * LInf / sigma.
//
// With [Public] partitions that is all. With [Discovered] partitions a cell
// that somebody contributed to is released when its noisy number of people is
// at least an integer threshold T, chosen so that, for any person, the
// probability that some cell comes out which only they contributed to is at
// most delta; the release is then mu-Gaussian-DP but for an additive delta.
// Releases compose: the squares of mu add, and the deltas add. The proof is in
// docs/proofs/contribution-bounding.md.
//
// # What is not protected
//
//   - A [Counts] is exact. It stays in the process: it prints as a fixed text,
//     has no accessor, and its only use is one Draw. Whoever has a debugger, the
//     store or the keys can read what it was made from.
//   - Facts about groups. If everybody in a segment buys an item, the table says
//     so, also about somebody who is known to be in the segment.
//   - A person with two identifiers that were never linked counts as two.
//   - How long a count takes grows with the number of people and is visible to
//     whoever shares the machine.
//   - Choosing a budget, a bound or a public list by looking at exact results.
package dp
