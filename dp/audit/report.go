package audit

import (
	"fmt"
	"math"
	"strings"
)

// Verdict is what an audit found.
type Verdict uint8

const (
	// Consistent says that nothing beyond the claim was certified. It is no proof of the claim.
	Consistent Verdict = iota + 1
	// Violated says that the claim is false, wrongly at most once in 1/Alpha audits.
	Violated
)

// String returns "consistent" or "violated".
func (v Verdict) String() string {
	switch v {
	case Consistent:
		return "consistent"
	case Violated:
		return "violated"
	}
	return "no verdict"
}

// Report is what an audit found, and how much it could have found.
type Report struct {
	Claim   Claim
	Verdict Verdict
	// Mu and Epsilon are certified: with probability 1 - Alpha the mechanism is
	// neither mu-GDP nor (epsilon, Delta)-DP, each up to the Delta of the claim,
	// for less than these. 0 where nothing was certified. Infinity is never
	// certified: a leak without bound shows as a number that grows with Runs.
	Mu, Epsilon float64
	// Event tells the two inputs apart, in words. An attacker who sees it bets on Direction.
	Event string
	// Direction is "with" or "without": the input on which Event happens more often.
	Direction string
	// With and Without are the shares of held-out runs in which Event happened.
	With, Without float64
	// Runs is how often each sample was called, HeldOut how many of these runs
	// the verdict rests on.
	Runs, HeldOut int
	// Events is how many events were judged, over all looks; Looks is 1 unless
	// the audit was sequential. Alpha covers all of them.
	Events, Looks int
	Alpha         float64
	// Power is the smallest true loss, in the unit of the claim, which this
	// audit certifies as a violation nine times in ten, if the learned event is
	// the best there is: for a claim of mu, a Gaussian of that mu; for a claim
	// of epsilon, an event of the most visible probability. Leaks in rarer
	// events are seen worse. Infinite if so few runs can prove no violation.
	Power float64
}

// look is one judgement of events on held-out runs.
type look struct {
	events []event
	counts []counts
	held   int
	alpha  float64
}

// add judges the events of a look and keeps what is the best so far.
func (r *Report) add(l look) {
	r.Looks++
	r.Events += len(l.events)
	power := r.Claim.power(l.held, max(1, len(l.events)), l.alpha)
	if r.Power == 0 || power < r.Power {
		r.Power = power
	}
	each := l.alpha / float64(2*max(1, len(l.events)))
	for i, e := range l.events {
		a, b := l.counts[i].with, l.counts[i].without
		more, less := a, b
		if !e.towards {
			more, less = b, a
		}
		bound := likelier{lower(more, l.held, each), upper(less, l.held, each)}
		before := max(r.Mu, 0)
		if r.Claim.Mu == 0 {
			before = r.Epsilon
		}
		loss, complement := r.Claim.loss(bound)
		if r.Event == "" || loss > before {
			r.Event = e.describe(complement)
			r.With, r.Without = float64(a)/float64(l.held), float64(b)/float64(l.held)
			r.Direction = "with"
			if e.towards == complement {
				r.Direction = "without"
			}
			if complement {
				r.With, r.Without = 1-r.With, 1-r.Without
			}
			r.HeldOut = l.held
		}
		mu, _ := bound.mu(r.Claim.Delta)
		eps, _ := bound.epsilon(r.Claim.Delta)
		r.Mu, r.Epsilon = max(r.Mu, mu), max(r.Epsilon, eps)
	}
	if r.certified() > r.Claim.size()*(1+1e-9) {
		r.Verdict = Violated
	}
}

// certified returns the bound in the unit of the claim.
func (r *Report) certified() float64 {
	if r.Claim.Mu > 0 {
		return r.Mu
	}
	return r.Epsilon
}

// String says what was claimed, found and could have been found.
func (r *Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "claim      %s\n", r.Claim)
	unit := "mu"
	if r.Claim.Mu == 0 {
		unit = "epsilon"
	}
	switch {
	case r.Verdict == Violated:
		fmt.Fprintf(&b, "verdict    VIOLATED: %s is at least %.4g, not %.4g (this verdict is wrong once in %.0f audits at most)\n", unit, r.certified(), r.Claim.size(), 1/r.Alpha)
	case r.Verdict == Consistent:
		fmt.Fprintf(&b, "verdict    consistent: %s is at least %.4g, which the claim allows\n", unit, r.certified())
	default:
		b.WriteString("verdict    none\n")
	}
	if r.Event != "" {
		fmt.Fprintf(&b, "told by    %s: in %.3g %% of runs with the person, in %.3g %% without\n", r.Event, 100*r.With, 100*r.Without)
	}
	fmt.Fprintf(&b, "rests on   %d runs of each input, %d of them not used for finding the event\n", r.Runs, r.HeldOut)
	if math.IsInf(r.Power, 1) {
		fmt.Fprintf(&b, "power      none: so few runs can prove no violation of this claim\n")
	} else {
		fmt.Fprintf(&b, "power      would have shown a true %s of %.4g or more, nine times in ten, in an event that is not rare\n", unit, r.Power)
	}
	return b.String()
}

// String returns the claim as it is usually written.
func (c Claim) String() string {
	switch {
	case c.Mu > 0 && c.Delta == 0:
		return fmt.Sprintf("%.6g-GDP", c.Mu)
	case c.Mu > 0:
		return fmt.Sprintf("%.6g-GDP up to delta %.3g", c.Mu, c.Delta)
	}
	return fmt.Sprintf("(%.6g, %.3g)-DP", c.Epsilon, c.Delta)
}
