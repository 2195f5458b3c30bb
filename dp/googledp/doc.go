// Package googledp draws quantiles and variances with the aggregators of Google's
// library for differential privacy, github.com/google/differential-privacy/go/v3.
//
// Which function to use: [Mechanisms], once, for the configuration of an engine:
//
//	discreet.Config{
//		Measures: []dp.Measure{dp.Quantiles{...}, dp.Variance{...}},
//		External: googledp.Mechanisms(),
//	}
//
// Everything but the noise is done here: what one person may contribute is bounded
// as for every measure, one number in each row and at most L0 rows, the loss is charged
// before anything is drawn, and the release is signed.
//
// The guarantee: with rows x_1, x_2, ... of which one person changes at most L0, each
// by one number, and a charge of mu^2, every row is drawn with Laplace noise for
// MaxPartitionsContributed L0 and
//
//	epsilon = the largest of which a black box costs at most mu^2, delta = 0
//
// so that all rows together are epsilon-differentially private, if Google's library
// does what it says. docs/proofs/black-box.md has the argument.
//
// Not proven here: Google's noise. It is sampled in floating point, and its proof is
// that of its authors; releases say so in Header.External and in their statement. How
// exact a quantile or a variance is depends on the data, so that no error is predicted
// and no interval is given. A quantile of a few hundred people at a small share is
// close to arbitrary within its bounds.
//
// What importing this package brings along: github.com/golang/glog, which
// registers flags (v, vmodule, log_dir, logtostderr and others) and starts a
// goroutine, and gonum. The engine links none of it by itself. Nothing that this package calls
// writes a log file. Where the system has no randomness left, Google's library ends the process.
//
// One call draws at a time, in effect: Google's generator is behind one lock.
package googledp
