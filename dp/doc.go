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
//   - To get more out of what was released, at no cost: [Average] over releases,
//     [Consistent] where parts add up to totals, [Shrink] towards what is likely,
//     [Smooth] over days, [Intervals] for what a threshold let through. NonNegative and
//     Whole come last, for people to read.
//   - To say what a loss means, to those who decide and those who are counted:
//     [Explain].
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
