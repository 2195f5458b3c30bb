// Package plan tells what declared measures cost and how exact they will be,
// before anything is spent.
//
// [Allocate] is where to begin: it takes a [Period], which says what is to be
// released in a window, how often, and how exact it has to be or what its error
// matters, and splits the budget in closed form. [Schedule.Measures] goes into an
// engine's configuration, [Schedule.Share] into its queries, [Schedule.Sheet] to those
// who decide. What does not fit is refused with an [*ImpossibleError], which tells the
// smallest epsilon that would do, and by how much the targets would have to give;
// [SmallestEpsilon] asks for the former alone.
//
// Where the shares are known, [New] takes the [dp.Budget] of a window and the checked measures, sets a part
// of delta aside for the thresholds of discovered tables, turns the rest into
// mu^2, and gives each measure its planned share. [Plan.Sheet] is the budget
// sheet, a table for people; [Plan.Predictions] the same for programs;
// [Plan.Predict] answers for one release with any share; [Plan.Charge] is what
// that release pays, for the ledger.
//
// [Choose] compares the errors of rounded Gaussian and discrete Laplace noise under
// what certifies an account.
//
// # Guarantee
//
// With delta = r + d, r the reserve, and mu^2 the largest with which mu-GDP
// implies (epsilon, d)-DP, releases charged m_i and d_i with
//
//	m_1 + ... + m_n <= mu^2   and   d_1 + ... + d_n <= r
//
// are together (epsilon, delta)-DP. The ledger holds the two sums; a plan whose
// shares add up to at most one fits them.
//
// # What is not protected
//
// A plan is made from declared parameters alone and reads no data, so it may be
// published. It says nothing of how well a measure suits its question, nor of
// what bounding contributions leaves out.
package plan
