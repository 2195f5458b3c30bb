// Package dp turns what people contribute into differentially private tables.
//
// # What it does
//
// A measure is declared with the most that one person may contribute to it:
//
//   - [SegmentSizes], [People], [Events]: how many people, or events, in each segment, in
//     each category, or in all.
//   - [Sums], [Means]: what events amounted to, added up or as means.
//   - [SegmentItems], [CategoryItems], [ItemTotals]: people or events of each item.
//   - [ItemPairs]: how strongly two items go together. [Keys]: which items are there.
//   - [Histogram]: people by how much they have. [Groups]: who was reached by what.
//   - [Table]: what a batch job hands in, by partition.
//
// [Count] reads one record per person, cuts
// each to those bounds and adds them up; [Draw] adds exact integer noise for a
// loss that has been charged to the account, and signs the table. [ReadRelease]
// reads such a table on another machine.
//
//   - To publish numbers, use the engine's Release: it charges the account,
//     durably, before it counts and draws. Count and Draw are its two steps and
//     need a charge that only the ledger makes.
//   - To count what lies in files or a warehouse, use [Bound], in one process or by
//     shards with [Merge], and the engine's ReleaseCounts.
//   - To read a published table, use [ReadRelease].
//   - To know the error before paying, use package dp/plan, or [Predict] for
//     one release.
//   - To bound a window, write a [Budget].
//   - To get more out of what was released, at no cost: [Average] over releases,
//     [Consistent] where parts add up to totals, [Shrink] towards what is likely,
//     [Smooth] over days, [Intervals] for what a threshold let through, [MeansOf] and
//     [MeansFrom] for means by row, [RatiosOf] for quotients of cells. NonNegative and Whole
//     come last, for people to read.
//   - To declare the next measure by what was released: [KeysOf] for a public list of items,
//     [Suggest] for bounds.
//   - To say what a loss means, to those who decide and those who are counted:
//     [Explain].
//
// # Guarantee
//
// Let v(D) be the vector of a measure over the people D: one number per cell.
// Adding or removing one person changes at most L0 cells, each by at most LInf,
// and, where a norm is declared, by a vector that is no longer than it, so
//
//	|v(D) - v(D')|_2 <= L2 = min(sqrt(L0) * LInf, MaxNorm).
//
// A release is v(D) + round(Z), Z normal with standard deviation sigma in every
// cell, which is mu-Gaussian-DP with
//
//	mu = L2 / sigma.
//
// Of means with both parts the people have noise of standard deviation sigma/r, and
// mu^2 = L0/2 * (LInf^2 + r^2) / sigma^2. With [Laplace] noise of scale b the release is
// (L1/b)-DP, which the account charges as the mu of the worst such mechanism.
//
// With [Public] partitions that is all. With [Discovered] partitions a cell
// that MinPeople people contributed to, two at the least, is released when its noisy
// number of people is at least an integer threshold T, chosen so that, for any person, the
// probability that some cell comes out which would have fewer people without them is at
// most delta; the release is then mu-Gaussian-DP but for an additive delta. [Keys] come
// out by chance instead, by the rule that lets the most of them out for mu and delta.
// Releases compose: the squares of mu add, and the deltas add. The proofs are in
// docs/proofs: contribution-bounding.md, norm.md, means.md, threshold.md, selection.md.
//
// # After a release
//
// What is computed from releases alone is as private as they are: post-processing is
// free, as often as you like. The functions for it take Release values and give
// [Estimates], with intervals, or [Points], without; neither is a Release, and both name
// the releases they come from. An interval is there only where it is proven to hold:
// the exact bounded number lies in it with probability 0.94 to 0.96, but where noise is
// coarse (a sigma below 5) or the number close to zero or to a threshold, where it may
// hold more often. The proofs are in docs/proofs/post-processing.md.
//
// Do not add up what NonNegative or Whole returned: clamped numbers are too large on
// average. Sums come from the release itself.
//
// # What is not protected
//
//   - A [Counts] is exact. It stays in the process, or leaves it sealed ([Counts.Seal],
//     of a Table): it prints as a fixed text,
//     has no accessor, and its only use is one Draw. Whoever has a debugger, the
//     store or the keys can read what it was made from.
//   - Facts about groups. If everybody in a segment buys an item, the table says
//     so, also about somebody who is known to be in the segment.
//   - A person with two identifiers that were never linked counts as two.
//   - How long a count takes grows with the number of people and is visible to
//     whoever shares the machine.
//   - Choosing a budget, a bound or a public list by looking at exact results.
package dp
