// Package eval tells offline how good rankings are: it splits events in time,
// scores lists against what people did afterwards, and compares two rankers on
// the same people.
//
// [Split] cuts events at a moment and makes a [Case] of each person with a past
// and a future. [Run] asks a ranker for a list for each case and returns
// [Scores]: NDCG, hit rate, reciprocal rank, and the share of the catalog that
// is shown at all. [Compare] gives the mean of paired differences with its
// standard error over all cases, and [Paired] by tercile of activity or by group.
// [Choose] picks the best of several rankers, and falls back to the plain one
// unless the best is no worse than it within one standard error.
//
// # Not protected
//
// Scores are exact figures of real people. They are not private, they spend
// nothing, and they stay with whoever may read the events; to publish one,
// release it. Whatever is tuned by looking at them is tuned on raw data.
package eval
