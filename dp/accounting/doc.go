// Package accounting says how much privacy a release costs and how much noise
// or what threshold a given loss demands. It computes; package ledger keeps the
// books.
//
// The currency is Gaussian differential privacy (GDP): adding integer noise
// round(Z), Z normal with standard deviation sigma, to a vector that one person
// changes by at most Delta in L2 is mu-GDP with mu = Delta/sigma. Releases, also
// when each is chosen from the answers of those before it, compose by
//
//	mu^2 = mu_1^2 + ... + mu_n^2
//
// and mu-GDP is the same as (epsilon, delta)-DP for every epsilon >= 0 with
//
//	delta(epsilon) = Phi(-epsilon/mu + mu/2) - e^epsilon Phi(-epsilon/mu - mu/2)
//
// Thresholds on discovered keys cost delta, which adds. Both sums are kept in
// [Units], exactly. Proofs: docs/proofs/gdp-composition.md and
// docs/proofs/threshold.md.
//
// Which function to use: [Mu2For] turns a wanted (epsilon, delta) into a budget;
// [SigmaFor] gives the noise for a share of it; [Mu2Of] the cost of given noise;
// [MuUp] and [EpsilonForMu] say what was spent; [Threshold] guards keys that
// come from the data; [Margin] and [StdDev] tell the error.
//
// [OptimalSelection] and [GDPSelection] say which keys come out when only their list
// is released, and [SparseDelta] what one thresholded table costs, exactly.
//
// For other mechanisms: [MuOfPure], [MuOfBoundedRange] and
// [ChargeOfBlackBox] say what a release costs in GDP,
// [LaplaceThreshold] guards keys under discrete Laplace noise, and [EpsilonForRho]
// and [RhoFor] convert zero-concentrated DP.
//
// Mechanisms of different kinds together, the list fixed beforehand: [Compose]
// puts their privacy loss distributions together, and [Loss.Epsilon] and
// [Loss.Delta] say what they cost. Proof: docs/proofs/pld.md.
//
// Every result is on the safe side of the exact value: budgets and mu are
// rounded down; epsilon, delta, sigma, charges and thresholds up. The decision
// is made on proven enclosures, not on floats; zero-concentrated DP is computed in
// floats with a slack for their rounding.
//
// Not protected: nothing here checks that a sensitivity is true, that a charge
// was made, or that noise was drawn.
//
// All functions are safe for concurrent use. They take between a microsecond
// and some milliseconds, and are meant for set-up and once per release.
package accounting
