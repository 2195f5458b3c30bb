// Package ledger keeps the privacy account of one population: a durable,
// hash-chained log of everything that was ever charged, and the filter that
// refuses what no longer fits.
//
// # Which function to use
//
// [Open] opens the account over a [Store], creating it in an empty one. For
// each release, [Account.Reserve] charges and hands out a [Ticket] (or the
// stored answer, when the same release was answered before), the holder draws
// noise, and [Ticket.Answer] stores the answer; only then may its bytes leave.
// [Account.Window] tells the accounting window of a moment, [Account.Advance]
// logs the crossing into a later one, [Account.Declare] logs since when a
// measure counts, [Account.Publish] logs what does not change once it is there,
// such as a version of a segment's definition, [Account.Amend] changes the terms from a later window on,
// [Account.Split] gives a part of them to a second account, [Interrupt] closes
// the window after a store was restored, [Account.Report] says what was spent,
// [Account.Verify] re-reads the log. [Account.Checkpoint], [Account.Export] and
// [Account.Public] are for auditors and the public, who use [ReadCheckpoint],
// [Check] and [FindIn]; [Account.Find] ties a release to its charge.
//
// # Guarantee
//
// Let entry i of a window be charged (mu_i^2, delta_i), where the release
// behind it, whatever was asked before and whatever came out, is mu_i-Gaussian
// differentially private up to probability delta_i. The account holds, over
// the entries of each window, in exact integer arithmetic,
//
//	sum mu_i^2 <= Mu2   and   sum delta_i <= ReserveDelta,
//
// at every moment, also across crashes. So all releases of a window together
// are mu-GDP with mu = sqrt(Mu2), up to ReserveDelta, also when each is chosen
// from earlier answers (a GDP filter under full adaptivity: Smith and Thakurta
// 2022, arXiv 2210.17520). Over k windows the loss is at most sqrt(k)*mu. The
// argument stands in docs/proofs/ledger.md.
//
// An entry walks from reserved to answered, each step durable before the next
// begins:
//
//   - the charge is on disk before a Ticket exists, so before noise is drawn;
//   - the answer is on disk before Answer returns, so before a byte leaves;
//   - an entry reserved but not answered, after a crash, has shown nothing: the
//     same key may be drawn again under its charge, and each time is logged. A
//     draw that ends in any other way voids its entry: the key is refused for the
//     rest of the window. Nothing is ever refunded;
//   - one drawer at a time: a second caller gets [ErrInProgress], in this process
//     or in another, as long as the store's claims last. An answer of somebody
//     whose claim was lost and taken over is refused;
//   - an answered key returns the stored bytes, for ever the same;
//   - after a failed append nobody knows what is on disk, and the account
//     refuses everything until it is opened, and so read and verified, again.
//
// The key of an entry is (account, window, name). Another specification, charge
// or as-of day under the same key is refused; a request that names no as-of day
// takes the one on record.
//
// Calls that come while an append is under way share the next one.
//
// # Kinds of account
//
// [Terms] name the theorem that certifies a window. [GDP] and [ZCDP] are
// filters: every charge may be chosen from earlier answers, its size too. [PLD]
// is a plan: the mechanisms and their noise are fixed at the opening, and may
// then be drawn in any order, on whatever earlier answers suggest to count. A
// plan that mixes kinds of noise holds more than a filter; a filter is what an
// analyst can work with. Quotas limit purposes or analysts inside the totals.
//
// # Windows
//
// With [Fixed], a window is WindowDays days of UTC, counted from the day the
// account was opened. With [Rolling], the totals hold for any WindowDays
// consecutive release days, and with [DataDays] for the data of each day, over
// all releases ever; a window of the log, in which a name is good for one
// release, is then a day. Windows never go back: a clock before the current
// window gets [ErrClockBack]. Reserve crosses into the next window by itself; a
// clock further ahead gets [ErrWindowJump] until Advance was called on purpose.
// Each crossing is an entry of the log.
//
// Nothing is a reset: other terms begin when everything that the old totals
// reach over has ended, a second account is taken off the first, and a restored
// log has nothing left of its window.
//
// # Not protected
//
// The charges are declared by the caller, who derives them from public
// parameters; the ledger cannot see what is drawn. Whoever holds the store can
// put back an older copy of it, or write another chain: Verify finds changed,
// missing and reordered entries, and a log that no longer ends where this
// process left it. With a [Sink], a log that lacks an answer that left is not
// opened; whoever can write the sink too goes unnoticed, but for checkpoints
// that were published and logs that were exported.
//
// # Formats
//
// Records are JSON lines, version 1: docs/formats-ledger.md.
package ledger
