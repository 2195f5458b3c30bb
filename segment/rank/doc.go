// Package rank orders items for one person from released tables, public
// categories of items and the person's own history.
//
// [New] builds a [Model] from the newest released segment x item table; build
// one for each release. [Model.Rank] then ranks for one [Person], or, without
// one, gives the contextual list: popularity and the category of the page.
//
// # Score
//
// With shares p of the whole table, an item i scores
//
//	Popularity * p(i)
//	+ Segments * sum over the person's segments s of  w(s) * rate(i, s)
//	+ Categories * sum over categories c of  a(c) * p(i within c)
//	+ Seen * h(i)
//	+ Context * p(i within the context category)
//
// where Popularity, Segments, ... are [Weights], w are the weights of the
// person's segments, a those of the person's categories and h those of the
// person's own items, decayed by age; w, a and h each sum to one.
//
// rate(i, s) is the share of item i in segment s, estimated by shrinking three
// times with the known variance of the noise: the item's share in the whole
// table towards the mean share; the segment's lift of a category towards none;
// the released cell towards what the two before predict. The spread that
// shrinking needs is estimated from the release itself (empirical Bayes). A cell
// that was not released falls back to its prediction, at most the threshold
// below which it was withheld, and adds a tenth of the threshold to the item's
// popularity. Negative noisy values are used as they are, and only the results
// are cut at zero: cutting first would add up to a bias.
//
// # Why
//
// Every ranked item says what it owes to what ([Why]), in shares that sum to
// one. A segment owns only what it adds to an item beyond its popularity. Take a
// segment, a category or an item of the person away, and its share is gone.
//
// # Guarantee
//
// Nothing here spends budget. A Model is a function of releases and of public
// data, so it is as private as the releases are: (epsilon, delta) over their
// accounting windows, however often it is used. The types hold it: a Model is
// made from [Release] values, which only a charged draw makes, and no function
// here takes a count, a ledger or another person's data.
//
// Not protected: what a ranking shows of the person it is made for. It depends
// on that person's own segments and history, and belongs on that person's pages
// only.
package rank
