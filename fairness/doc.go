// Package fairness tells from released numbers whether a campaign, a segment or a ranking
// reaches groups of people alike, what stands in the way of knowing, and what would mend
// it.
//
// It reads one kind of release: a table of groups x campaigns ([Read]), which counts for
// each campaign the different people of each group whom it reached, and whom it did not.
//
//   - [Audit] compares the rates of groups: ratio and difference, the four-fifths rule,
//     equal opportunity where the table has outcomes, shares of exposure against those of
//     the eligible people, different people reached; with intervals, a [Verdict], and for one
//     that is [Inconclusive] the disparity that could have been seen and what would decide.
//   - [Proxy] tells whether membership in a segment stands for a group.
//   - [Gate] says whether a campaign may run: closed for housing, employment, credit and what
//     else is declared, until audits say otherwise.
//   - [Correct] finds how much more to spend on which placement, so that groups that were left
//     out are reached, and no group less than before.
//   - [NewEvidence] signs a report, so that anybody can check it against the release. An
//     engine does so with its own key: Engine.SignEvidence.
//
// examples/fairness takes a campaign from an audit that it fails to one that it passes.
//
// # Guarantee
//
// Privacy: everything here is post-processing. The types hold it: [Read] takes a dp.Release,
// which only a charged draw or a signed note makes, and nothing else here takes a number
// about people. An audit spends nothing and tells nothing of anybody that the release did not.
//
// Verdicts: for one comparison at one look,
//
//	P[Fail] <= alpha    where p_g >= MinRatio * p_ref,
//	P[Fail] <= alpha/2  where p_g >= p_ref,
//	P[Pass] <= alpha    where p_g <= MinRatio * p_ref,
//
// with alpha = [Rule.Alpha], shared among looks and comparisons as the rule says. These
// hold approximately: docs/proofs/fairness.md says what is exact in them, what holds for
// many people, and how far simulations went that looked at the rest. p_g is the rate at which
// the campaign reaches people like those of the group: chance is in who was there to be
// reached, and in the noise.
//
// # What is not protected
//
// An audit sees what was recorded: people who agreed to be counted, in the groups that they
// were recorded with, within the bounds of the measure. Those who did not agree may fare
// otherwise. Four fifths is an indicator of one country's law, and a Pass no proof that a
// campaign is fair: rates alike can hide harm, and a rate may differ for a good reason. Rates
// of groups are facts about groups, which differential privacy does not hide.
package fairness
