package ledger

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// Report says how an account stands. All of it may be shown to anybody: it
// follows from declared parameters and from which releases were asked for.
type Report struct {
	Population string
	ID         string // of the account; another one than Population where it was split off
	Terms      Terms  // of the window that the log has reached
	Given      Loss   // split off to other accounts, in every window
	Opened     contrib.Day
	Window     Window // the one that the log has reached
	Spent      Loss   // in that window; with Rolling, in the days that end with it; with DataDays, on the fullest day
	Remaining  Loss
	Entries    int    // charges ever made
	Answered   int    // of them answered
	Void       int    // of them given up after a draw
	Charged    int    // windows with at least one charge
	Records    uint64 // length of the log
	Head       string // hash of its last record, hexadecimal
	Closed     bool   // nothing is left, since the log was put back to an older state
	Failed     bool   // an append failed; the account refuses everything until it is opened again
}

// Report returns the account as of the last record that this process knows.
func (a *Account) Report() Report {
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.st.report()
	r.Failed = a.failed.Load()
	return r
}

func (s *state) report() Report {
	w := s.calendar.span(s.window)
	w.Logged = true
	t := *s.terms()
	sum, closed := s.span(s.window)
	remaining := t.total().less(s.given).less(sum.spent)
	if closed {
		remaining = Loss{}
	}
	return Report{
		Population: s.population, ID: s.account, Terms: t, Given: s.given, Opened: s.opened(), Closed: closed,
		Window: w, Spent: sum.spent, Remaining: remaining,
		Entries: s.reserves, Answered: s.answers, Void: s.voids, Charged: s.charged,
		Records: s.next, Head: s.head.String(),
	}
}

// Mu bounds the loss of one person over the given number of windows, in
// Gaussian-DP terms: mu*sqrt(windows), rounded up. A person known under j
// unlinked identifiers has at most j times as much. It is infinite for a
// negative number, and where another bound certifies the account.
func (r Report) Mu(windows int) float64 {
	if windows < 0 {
		return math.Inf(1)
	}
	switch r.Terms.Bound {
	case GDP:
		return rootUp(r.Terms.Mu2, windows)
	}
	return math.Inf(1)
}

// SpentShare returns the part of the window's mu^2 that is spent, 0 to 1, for
// people to read.
func (r Report) SpentShare() float64 {
	spent, total := r.Spent.Mu2.Rat(), r.Terms.Mu2.Rat()
	if total.Sign() == 0 {
		return 0
	}
	f, _ := spent.Quo(spent, total).Float64()
	return math.Round(f*1e9) / 1e9
}

// rootUp returns sqrt(u*n), rounded up.
func rootUp(u accounting.Units, n int) float64 {
	f := up(up(u.Float64()) * float64(n))
	if n == 0 {
		return 0
	}
	return up(math.Sqrt(f))
}

func up(f float64) float64 { return math.Nextafter(f, math.Inf(1)) }

// String prints the figures for a person to read.
func (r Report) String() string {
	var b strings.Builder
	day := func(d contrib.Day) string { return startOf(d).Format(time.DateOnly) }
	fmt.Fprintf(&b, "account %s, opened %s\n", r.Population, day(r.Opened))
	fmt.Fprintf(&b, "promised: epsilon %g and delta %g %s\n", r.Terms.Epsilon, r.Terms.Delta, r.Terms.reach())
	fmt.Fprintf(&b, "window %d, %s to %s: spent %s, %.3g of delta reserve %.3g\n",
		r.Window.Index, day(r.Window.From), day(r.Window.To-1), r.spentText(), r.Spent.Delta.Float64(), r.Terms.ReserveDelta.Float64())
	if r.Terms.Bound == GDP && r.Terms.Windows == Fixed {
		fmt.Fprintf(&b, "over k windows: at most mu = %.4f*sqrt(k), and %.3g*k of delta; %d charged so far, so mu <= %.4f\n",
			r.Mu(1), r.Terms.ReserveDelta.Float64(), r.Charged, r.Mu(r.Charged))
	}
	fmt.Fprintf(&b, "a person known under j identifiers: at most j times that mu, delta amplified by group privacy\n")
	fmt.Fprintf(&b, "%d entries, %d answered, %d void, %d records, head %s\n", r.Entries, r.Answered, r.Void, r.Records, r.Head)
	if !r.Given.isZero() {
		fmt.Fprintf(&b, "split off to other accounts: mu^2 %.4f, rho %.4f, delta %.3g in every window\n",
			r.Given.Mu2.Float64(), r.Given.Rho.Float64(), r.Given.Delta.Float64())
	}
	if r.Closed {
		b.WriteString("CLOSED: the log was put back to an older state; nothing is left of this window\n")
	}
	if r.Failed {
		b.WriteString("FAILED: an append failed; open the account again\n")
	}
	return b.String()
}

// reach says what the totals are for.
func (t Terms) reach() string {
	switch t.Windows {
	case Rolling:
		return fmt.Sprintf("in any %d consecutive days", t.WindowDays)
	case DataDays:
		return "for the data of each day, over all releases ever"
	}
	return fmt.Sprintf("in every %d days", t.WindowDays)
}

func (r Report) spentText() string {
	switch r.Terms.Bound {
	case ZCDP:
		return fmt.Sprintf("%.4f of rho %.4f", r.Spent.Rho.Float64(), r.Terms.Rho.Float64())
	case PLD:
		return fmt.Sprintf("of a plan of %d mechanisms", len(r.Terms.Plan))
	}
	return fmt.Sprintf("%.4f of mu^2 %.4f", r.Spent.Mu2.Float64(), r.Terms.Mu2.Float64())
}

// Verify re-reads the whole log and every stored answer from the store, and
// checks hashes, order, sums and keys, and that the log still ends in what this
// process last knew. It returns a *BrokenError that names the first broken
// entry. Cost: one pass over log and answers; others may append meanwhile.
func (a *Account) Verify(ctx context.Context) error {
	if a.failed.Load() {
		return ErrFailed
	}
	a.mu.Lock()
	known, head := a.st.next, a.st.head
	a.mu.Unlock()

	st := newState()
	var answers []entry
	err := a.store.LedgerRead(ctx, 0, func(seq uint64, line []byte) error {
		r, err := st.replay(seq, line)
		if err != nil {
			return err
		}
		if st.next == known && st.head != head {
			return &BrokenError{seq, "it is not the entry that was written"}
		}
		if r.Answer != nil {
			answers = append(answers, entry{answer: seq, sha: r.Answer.SHA256, bytes: r.Answer.Bytes})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if st.next < known {
		return &BrokenError{st.next, "the log ends before it"}
	}
	for i := range answers {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := a.stored(ctx, &answers[i]); err != nil {
			return err
		}
	}
	return nil
}

func down(f float64) float64 { return math.Nextafter(f, math.Inf(-1)) }
