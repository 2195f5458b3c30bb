package audit_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/discreet-go/discreet/dp/audit"
)

// ask is a question to a shop's account: a name and the cells that are wanted.
type ask struct {
	name  string
	cells int
}

// account is a small account in Gaussian DP: sigma 4 on every cell, one person
// in each cell, mu^2 = cells/16 a question.
type account struct {
	budget   float64
	person   float64
	stored   map[string][]float64
	free     func(ask) bool // questions that are wrongly not charged
	forget   bool           // draws again for a name that was answered
	overdraw bool           // answers before it looks at the budget
}

const sigma = 4.0

func (a *account) ask(_ context.Context, q ask) (audit.Answer, error) {
	if old, ok := a.stored[q.name]; ok && !a.forget {
		return audit.Answer{Numbers: old}, nil
	}
	cost := float64(q.cells) / (sigma * sigma)
	if _, known := a.stored[q.name]; known || a.free != nil && a.free(q) {
		cost = 0
	}
	if cost > a.budget+1e-12 && !(a.overdraw && a.budget > 0) {
		return audit.Answer{Refused: true}, nil
	}
	a.budget -= cost
	out := make([]float64, q.cells)
	for i := range out {
		out[i] = 100 + a.person + sigma*rand.NormFloat64()
	}
	a.stored[q.name] = out
	return audit.Answer{Numbers: out}, nil
}

func question(name string, cells int) audit.Question[ask] {
	q := audit.Question[ask]{Ask: ask{name, cells}, Sigma: sigma}
	for range cells {
		q.With, q.Without = append(q.With, 101), append(q.Without, 100)
	}
	return q
}

// TestSessions audits accounts of mu 1 with all analysts. Alpha is 1e-8, as
// in TestCatches; the accounts that leak do so by half of their claim or more.
func TestSessions(t *testing.T) {
	var list []audit.Question[ask]
	for i := range 40 {
		list = append(list, question(fmt.Sprint("day ", i), 1+i%3))
	}
	var parts []audit.Question[ask]
	for i := range 4 {
		parts = append(parts, question(fmt.Sprint("part ", i), 4))
	}
	bayes := audit.Bayes(list, 1)
	hammer := audit.Hammer(question("day", 4), 30)
	split := audit.Split(question("whole", 32), parts, 3)
	for _, c := range []struct {
		name    string
		analyst func() audit.Analyst[ask]
		bug     account
		good    bool
		least   float64 // what the analyst must get out of a correct account
	}{
		{"bayes, correct", bayes, account{}, true, 0.5},
		{"hammer, correct", hammer, account{}, true, 0},
		{"split, correct", split, account{}, true, 0.5},
		{"bayes, small questions free", bayes, account{free: func(q ask) bool { return q.cells <= 2 }}, false, 0},
		{"bayes, budget of four", bayes, account{budget: 4}, false, 0},
		{"hammer, draws again", hammer, account{forget: true}, false, 0},
		{"split, whole free", split, account{free: func(q ask) bool { return q.name == "whole" }}, false, 0},
		{"split, last charge overdraws", audit.Split(question("whole", 48), parts[:3], 1), account{overdraw: true}, false, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := audit.Sessions[ask]{Analyst: c.analyst, Open: func(_ context.Context, person bool) (audit.Session[ask], error) {
				a := c.bug
				a.stored, a.person = map[string][]float64{}, float64(b2i(person))
				if a.budget == 0 {
					a.budget = 1
				}
				return audit.Session[ask]{Ask: a.ask}, nil
			}}
			with, without := s.Samples()
			r := run(t, audit.Claim{Mu: 1}, with, without, audit.Options{Runs: 6000, Alpha: 1e-8})
			if (r.Verdict == audit.Consistent) != c.good {
				t.Errorf("got:\n%s", r)
			}
			if r.Mu < c.least {
				t.Errorf("the analyst got only %.3f of a mu of 1 out of a correct account", r.Mu)
			}
			t.Logf("\n%s", r)
		})
	}
}

func TestSessionErrors(t *testing.T) {
	boom := errors.New("boom")
	closed := 0
	analyst := audit.Hammer(question("x", 1), 5)
	open := func(s audit.Session[ask], err error) func(context.Context, bool) (audit.Session[ask], error) {
		return func(context.Context, bool) (audit.Session[ask], error) { return s, err }
	}
	closing := func() error { closed++; return nil }
	fails := func(context.Context, ask) (audit.Answer, error) { return audit.Answer{}, boom }
	refuses := func(context.Context, ask) (audit.Answer, error) { return audit.Answer{Refused: true}, nil }
	for name, c := range map[string]struct {
		s    audit.Sessions[ask]
		want error
	}{
		"nothing":     {audit.Sessions[ask]{}, audit.ErrSession},
		"no ask":      {audit.Sessions[ask]{Analyst: analyst, Open: open(audit.Session[ask]{}, nil)}, audit.ErrSession},
		"open fails":  {audit.Sessions[ask]{Analyst: analyst, Open: open(audit.Session[ask]{}, boom)}, boom},
		"ask fails":   {audit.Sessions[ask]{Analyst: analyst, Open: open(audit.Session[ask]{Ask: fails, Close: closing}, nil)}, boom},
		"close fails": {audit.Sessions[ask]{Analyst: analyst, Open: open(audit.Session[ask]{Ask: refuses, Close: func() error { return boom }}, nil)}, boom},
	} {
		with, _ := c.s.Samples()
		if out, err := with(t.Context()); !errors.Is(err, c.want) || out != nil {
			t.Errorf("%s: %v, %v", name, out, err)
		}
	}
	if closed != 1 {
		t.Errorf("closed %d sessions of 1 that failed", closed)
	}
	asked := 0
	s := audit.Sessions[ask]{Analyst: audit.Hammer(question("x", 1), math.MaxInt), MaxQuestions: 7, Open: open(audit.Session[ask]{Ask: func(context.Context, ask) (audit.Answer, error) {
		asked++
		return audit.Answer{Refused: true}, nil
	}}, nil)}
	with, _ := s.Samples()
	if out, err := with(t.Context()); err != nil || asked != 7 || out[3] != 7 {
		t.Errorf("%v, %v after %d questions", out, err, asked)
	}
}
