// Package audit tests whether a mechanism leaks more about one person than it
// claims, from its outputs alone. It is for your own code as much as for ours.
//
// Which function to use: write two functions that run the mechanism once, on
// one input with the person and on the same input without, and give both to
// Run with the claim:
//
//	report, err := audit.Run(ctx, audit.Claim{Mu: 0.5}, with, without, audit.Options{})
//	fmt.Println(report)
//
// Pairs lists the neighbouring inputs at which bounds of contribution are
// usually broken. Sessions audits everything that one account releases to an
// analyst who chooses questions from earlier answers; Bayes, Hammer and Split
// are such analysts. Where the source is at hand, Sensitivity tries every
// neighbouring pair of a tiny domain, Threshold looks at T and T-1,
// SupportsEqual at what only one of two inputs can give, and Fit
// compares draws with the distribution that is claimed.
//
// Run learns an event that tells the two inputs apart on one half of the runs,
// and bounds from below what that event proves on the other half. The
// guarantee, for a mechanism whose runs are independent: whatever the
// mechanism,
//
//	P[report.Mu > the true mu, or report.Epsilon > the true epsilon] <= Alpha
//
// where the true mu and epsilon are the smallest for which the two inputs are
// mu-GDP, or (epsilon, Delta)-DP, up to Delta. So a Violated verdict is wrong
// at most once in 1/Alpha audits. Proof: docs/proofs/audit.md.
//
// Not proven by a Consistent verdict: that the claim holds. An audit sees one
// pair of inputs and events that are not too rare; Report.Power says how small
// a violation it would have seen. A leak of probability 1e-6 stays unseen in
// 20,000 runs: audit such mechanisms also at settings where the leak is loud,
// for example at delta = 0.05, through the same code.
//
// An audit runs the mechanism on inputs that you made up. It is no way to look
// at real data: never give it any.
package audit
