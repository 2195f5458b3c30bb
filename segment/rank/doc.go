// Package rank orders items for one person from released tables, public
// categories of items and the person's own history.
//
// [New] builds a [Model] from the newest released tables; build one for each
// release. [Model.Rank] then ranks for one [Person], or, without one, gives the
// contextual list: popularity and the category of the page. [PickLevel] tells,
// before anything is spent, which table is fine enough and still stands out of its
// noise. Package segment/rank/eval tells offline whether a ranking is worth more
// than popularity, and falls back where it is not.
//
// # Score
//
// With shares p of the whole table, an item i scores
//
//	Popularity * p(i)
//	+ Segments * sum over the person's segments s of  w(s) * rate(i, s)
//	+ Categories * sum over categories c of  a(c) * p(i within c)
//	+ Likeness * p(i) * l(i)
//	+ Pairs * sum over the person's own items j of  h(j) * q(i, j)
//	+ Seen * h(i)
//	+ Context * p(i within the context category)
//
// where Popularity, Segments, ... are [Weights], w are the weights of the
// person's segments, a those of the person's categories and h those of the
// person's own items, decayed by age; w, a and h each sum to one. With a table of
// categories x items, the person's categories take the place of segments.
//
// p comes from Config.Totals where they are given, with a half-life the popularity
// of these days, and from the rows of the table else. Totals are smoothed with the
// known variance of their noise: an item is the mean, what its public words, traits
// and categories share, and what is its own, with spreads estimated from the release
// itself (empirical Bayes, by moments). A narrower table, say of the items that
// looked most popular in a wider one, starts from what the wider one says. Totals
// of categories then move their items together.
//
// l(i) is how like the public title of i is to those of the person's own items, in
// rare words and pairs of words, by cosine, with what everybody has as the unit. It
// costs nothing: titles are public, and the person's items stay with the person.
// q(i, j) is what the table of pairs holds of i and j beyond the popularity of
// both, shrunk with the known variance.
//
// rate(i, s) is the share of item i in segment s, estimated by shrinking three
// times with the known variance of the noise: the item's share in the whole
// table towards the mean share; the segment's lift of a category towards none;
// the released cell towards what the two before predict. The spread that
// shrinking needs is estimated from the release itself (empirical Bayes). A cell
// that was not released falls back to its prediction, at most the threshold
// below which it was withheld, and adds a tenth of the threshold to the item's
// popularity. Negative noisy values are used as they are, and only the results
// are cut at zero: cutting first would add up to a bias. Numbers are those of people or
// events, whatever steps a release has.
//
// # Why and limits
//
// Every ranked item says what it owes to what ([Why]), in shares that sum to
// one, and in words for the person ([Why.Text]). A segment owns only what it adds to
// an item beyond its popularity. Take a segment, a category or an item of the
// person away, and its share is gone.
//
// [Limits] are the person's: the share of places that may be personal, and on how
// many days something must have been there before it is taken for an interest.
// What the person dismissed is neither shown nor counted, and a profile of another
// purpose has no part. [Held] says what was kept out.
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
