package audit

import (
	"cmp"
	"math"
	"slices"
)

// Question is a question whose answer the analyst can interpret: what it would
// be, exactly, on either input, and the noise that is claimed to be on it.
type Question[Q any] struct {
	Ask           Q
	With, Without []float64 // exact answers, of one length
	Sigma         float64   // standard deviation of the noise of each number, above 0
}

// shift returns the mu that one answer is worth.
func (q Question[Q]) shift() float64 {
	sum := 0.0
	for i := range min(len(q.With), len(q.Without)) {
		sum += (q.With[i] - q.Without[i]) * (q.With[i] - q.Without[i])
	}
	return math.Sqrt(sum) / q.Sigma
}

// evidence returns the logarithm of the likelihood ratio of an answer, with
// the person over without, under normal noise.
func (q Question[Q]) evidence(a Answer) float64 {
	sum := 0.0
	for i := range min(len(q.With), len(q.Without), len(a.Numbers)) {
		w, o := q.With[i], q.Without[i]
		sum += (w - o) * (a.Numbers[i] - (w+o)/2)
	}
	return sum / (q.Sigma * q.Sigma)
}

// Bayes returns analysts that hold all answers together as well as can be: the
// strongest test of an account of Gaussian noise. Their belief is the sum of
// the log-likelihood ratios of all answers. While it is within 1 of even they
// ask what tells most among the questions that were not refused, else what
// tells least, so that both what is asked and how much is spent depend on
// answers. They ask each question up to repeats times, 1 if 0; give questions
// different names for repeats to be new releases.
//
// Seen is belief, answers, refusals, and the last answer's own evidence. On a
// correct account belief is all there is to know: mu of the session at most.
func Bayes[Q any](questions []Question[Q], repeats int) func() Analyst[Q] {
	return func() Analyst[Q] {
		b := &bayes[Q]{}
		for range max(1, repeats) {
			b.left = append(b.left, questions...)
		}
		slices.SortStableFunc(b.left, func(x, y Question[Q]) int { return cmp.Compare(y.shift(), x.shift()) })
		return b
	}
}

// tally is what all analysts keep.
type tally struct {
	belief, last      float64
	answered, refused float64
}

func (t *tally) take(evidence float64, refused bool) {
	if refused {
		t.refused++
		t.last = 0
		return
	}
	t.answered++
	t.last = evidence
	t.belief += evidence
}

type bayes[Q any] struct {
	tally
	left []Question[Q] // those that tell most first
	now  Question[Q]
}

func (b *bayes[Q]) Next() (q Q, more bool) {
	if len(b.left) == 0 {
		return q, false
	}
	if math.Abs(b.belief) <= 1 {
		b.now, b.left = b.left[0], b.left[1:]
	} else {
		end := len(b.left) - 1
		b.now, b.left = b.left[end], b.left[:end]
	}
	return b.now.Ask, true
}

func (b *bayes[Q]) Learn(a Answer) { b.take(b.now.evidence(a), a.Refused) }

func (b *bayes[Q]) Seen() []float64 {
	return []float64{b.belief, b.answered, b.refused, b.last}
}

// Hammer returns analysts that ask one question, under one name, many times.
// An account that answers the same bytes each time, or charges each time,
// gives no more than it claims. Seen is belief as if all draws were new,
// belief of the first answer, answers, refusals, and how many answers differ.
func Hammer[Q any](q Question[Q], times int) func() Analyst[Q] {
	return func() Analyst[Q] { return &hammer[Q]{q: q, left: times, values: map[float64]bool{}} }
}

type hammer[Q any] struct {
	tally
	q      Question[Q]
	left   int
	first  float64
	values map[float64]bool
}

func (h *hammer[Q]) Next() (Q, bool) {
	h.left--
	return h.q.Ask, h.left >= 0
}

func (h *hammer[Q]) Learn(a Answer) {
	e := h.q.evidence(a)
	if h.answered == 0 && !a.Refused {
		h.first = e
	}
	h.take(e, a.Refused)
	if !a.Refused {
		h.values[e] = true
	}
}

func (h *hammer[Q]) Seen() []float64 {
	return []float64{h.belief, h.first, h.answered, h.refused, float64(len(h.values))}
}

// Split returns analysts that ask for parts, then for the whole that they make
// up, then for parts and whole again, round by round. They see accounts that
// charge the parts of what they already sold as nothing, or draw noise again
// for a name that was answered. Seen is belief, that of the parts and of the
// whole alone, their difference, answers and refusals.
func Split[Q any](whole Question[Q], parts []Question[Q], rounds int) func() Analyst[Q] {
	order := append(slices.Clone(parts), whole)
	return func() Analyst[Q] { return &split[Q]{order: order, left: rounds * len(order)} }
}

type split[Q any] struct {
	tally
	order        []Question[Q]
	left, at     int
	parts, whole float64
}

func (s *split[Q]) Next() (q Q, more bool) {
	if s.left <= 0 {
		return q, false
	}
	s.left--
	q = s.order[s.at].Ask
	return q, true
}

func (s *split[Q]) Learn(a Answer) {
	e := s.order[s.at].evidence(a)
	s.take(e, a.Refused)
	if !a.Refused {
		if s.at == len(s.order)-1 {
			s.whole += e
		} else {
			s.parts += e
		}
	}
	s.at = (s.at + 1) % len(s.order)
}

func (s *split[Q]) Seen() []float64 {
	return []float64{s.belief, s.parts, s.whole, s.whole - s.parts, s.answered, s.refused}
}
