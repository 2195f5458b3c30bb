// Package noise draws integer noise for differentially private releases,
// exactly: no float takes part in a draw, and no tail is cut.
//
// Which function to use: [NewScale] rounds a standard deviation up to a [Scale];
// [NewGaussian] makes a sampler; [Gaussian.AddTo] adds noise to the cells of a
// release, [Gaussian.Fill] gives noise alone. [NewLaplace] is for the few releases
// in which one person changes so few cells that its error is lower.
// [Histogram] adds noise and keeps what reaches a threshold. For accounts in
// zero-concentrated DP there are [NewDiscreteGaussian] and [Choose], the exponential
// mechanism. [BernoulliExp] and [Toss] are single coins.
//
// The guarantee. A Gaussian draws round(Z), the integer nearest to Z, where Z is
// normal with mean 0 and standard deviation sigma; draws are independent. Adding
// such noise to each cell of an integer vector gives what rounding a vector with
// continuous Gaussian noise would give. Where one person changes the vector by at
// most Delta in L2 it is therefore mu-GDP with mu = Delta/sigma, by
// post-processing, also when the vector was clipped in L2 and when it was chosen
// from the answers to earlier ones. Proof: docs/proofs/rounded-gaussian.md.
//
// A Laplace draws n with probability proportional to e^(-|n|/b). Added to an integer
// vector that one person changes by at most Delta in L1 it is epsilon-DP with
// epsilon = Delta/b. Proof: docs/proofs/discrete-laplace.md. Accounts in Gaussian DP
// cannot be charged for it at Delta/sigma.
//
// Each law has two samplers. What releases use looks a draw up: slots of equal
// area under the density (for the Gaussian one table serves every scale; for the Laplace, waits
// of an exponential), accepted by an integer comparison with bounds that are
// proven; where a comparison is within those bounds, or where a draw rounds to one of two
// integers, further random digits settle it, as many as it takes. So every draw ends in
// the exact law and no tail is cut. Its twin, in the tests, is an exact rejection
// sampler from the literature without any table (Karney 2016; Canonne, Kamath and
// Steinke 2020); draws of both must fit one law.
//
// Randomness is AES-256 in counter mode under a fresh key from crypto/rand for
// every call; nothing else can be used instead. Privacy is hence computational.
// Buffers and keys are wiped when the call ends, except the cipher's expanded
// key, which the standard library does not let us reach, and the big integers of
// the rare draws that exact arithmetic settles; neither is ever used again.
//
// Not protected: this package cannot know whether Delta is true or whether the
// release was paid for. The time of a call depends on how many draws were rejected
// and says a little about the noise of the whole vector, to somebody who can
// measure it on the same machine; draw whole vectors at once, and never let a cell
// leave before the last one is drawn.
package noise
