package consent_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

// model is the naive reference: the list of everything that happened, replayed
// from the start for every question. It knows no intervals.
type model struct{ steps []step }

type step struct {
	at      int64
	erase   bool
	grant   []string // each exactly
	deny    []string // each and all below
	days    int64
	version int
}

// episode returns which unbroken consent covers the purpose at the moment x, 0
// for none. Equal numbers mean the same consent.
func (m *model) episode(purpose string, x int64) int {
	on, number, until, version := 0, 0, int64(0), 0
	for i, s := range m.steps {
		if s.at > x {
			break
		}
		alive := on != 0 && s.at < until
		if s.erase || slices.ContainsFunc(s.deny, func(d string) bool {
			return d == purpose || strings.HasPrefix(purpose, d+".")
		}) {
			on = 0
		}
		if slices.Contains(s.grant, purpose) {
			switch {
			case alive && s.version < version:
			case alive:
				until, version = s.at+s.days*day, s.version
			default:
				number = i + 1
				on, until, version = number, s.at+s.days*day, s.version
			}
		}
	}
	if on != 0 && x < until && !m.erasedAfter(on) {
		return on
	}
	return 0
}

// erasedAfter reports whether the step's consent was forgotten.
func (m *model) erasedAfter(number int) bool {
	return slices.ContainsFunc(m.steps[number-1:], func(s step) bool { return s.erase })
}

func (m *model) last() int64 {
	if len(m.steps) == 0 {
		return 0
	}
	return m.steps[len(m.steps)-1].at
}

const day = 24 * 60 * 60 * 1000

func at(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

// lattice is a book over a small tree of purposes, in two versions.
func lattice() *consent.Book {
	keys := []string{"a", "a.b", "a.b.c", "d"}
	var notices []consent.Notice
	for v, days := range []int{30, 7} {
		n := shop()
		n.ID, n.Version, n.ConsentDays, n.Purposes = "tree", v+1, days, nil
		for _, k := range keys {
			n.Purposes = append(n.Purposes, consent.Purpose{Key: k, Title: k})
		}
		notices = append(notices, n)
	}
	book, err := consent.NewBook(notices)
	if err != nil {
		panic(err)
	}
	return book
}

// Over any interleaving of grants, refusals, withdrawals, erasures, sweeps and
// restarts, with clocks that stand still or step back: an event is allowed if
// and only if its time and now lie in one and the same consent of its purpose.
func TestDecideAgreesWithReplayOfEverything(t *testing.T) {
	book := lattice()
	keys := book.Purposes()
	who := subject(1)
	rapid.Check(t, func(t *rapid.T) {
		h, _ := consent.ReadHistory(nil)
		m := &model{}
		base := int64(1_700_000_000_000)
		clock := base // at most five minutes behind base
		some := rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 3, rapid.ID[string])
		pick := rapid.SampledFrom(keys)
		advance := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 5), rapid.Int64Range(0, 10*day),
			rapid.SampledFrom([]int64{7 * day, 7*day - 1, 30 * day, 30*day - 1}))
		behind := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 3), rapid.Int64Range(0, 5*60*1000))
		seen := func() int64 { return max(clock, m.last()) } // time never steps back
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				base += advance.Draw(t, "ms")
				clock = base - behind.Draw(t, "behind")
			},
			"choose": func(t *rapid.T) {
				c := consent.Choice{Notice: "tree", Version: rapid.IntRange(1, 2).Draw(t, "version"), Locale: "en",
					Grant: some.Draw(t, "grant"), Refuse: some.Draw(t, "refuse")}
				before := h.Row()
				if err := book.Choose(h, c, at(clock)); err != nil {
					if !bytes.Equal(before, h.Row()) {
						t.Fatal("a failed choice changed the history")
					}
					return
				}
				m.steps = append(m.steps, step{at: seen(), grant: c.Grant, deny: c.Refuse,
					days: []int64{30, 7}[c.Version-1], version: c.Version})
			},
			"withdraw": func(t *rapid.T) {
				p := pick.Draw(t, "purpose")
				h.Withdraw(p, at(clock))
				m.steps = append(m.steps, step{at: seen(), deny: []string{p}})
			},
			"erase": func(t *rapid.T) {
				h.Erase(at(clock))
				m.steps = append(m.steps, step{at: seen(), erase: true})
			},
			"sweep": func(t *rapid.T) {
				h.Expire(at(clock), time.Duration(rapid.Int64Range(0, 20*day).Draw(t, "keep"))*time.Millisecond)
			},
			"restart": func(t *rapid.T) {
				row := h.Row()
				again, err := consent.ReadHistory(row)
				if err != nil || !bytes.Equal(again.Row(), row) {
					t.Fatalf("row does not come back: %v", err)
				}
				h = again
			},
			"": func(t *rapid.T) {
				p := pick.Draw(t, "asked")
				event := clock + rapid.OneOf(rapid.Int64Range(-40*day, 40*day), rapid.Int64Range(-3, 3)).Draw(t, "event")
				if n := len(m.steps); n > 0 && rapid.Bool().Draw(t, "edge") {
					event = m.steps[rapid.IntRange(0, n-1).Draw(t, "step")].at + rapid.Int64Range(-1, 1).Draw(t, "off")
				}
				d := book.Decide(consent.Question{Subject: who, Purpose: p, History: h, EventTime: at(event), Now: at(clock)})
				want := m.episode(p, seen())
				if allowed := want != 0 && m.episode(p, event) == want; d.Allowed != allowed {
					t.Fatalf("%s at %d, now %d: %v, want %v of %+v", p, event, clock, d, allowed, m.steps)
				}
				if open := slices.Contains(h.Open(at(clock)), p); open != (want != 0) {
					t.Fatalf("%s open: %v, want %v", p, open, want != 0)
				}
				g, ok := d.Grant()
				if ok != d.Allowed || (d.Reason == consent.Granted) != d.Allowed {
					t.Fatalf("grant %v for %v", ok, d)
				}
				if ok && (!g.Covers(at(event)) || !g.Covers(at(seen())) || g.Subject() != who || g.Purpose() != p) {
					t.Fatal("the grant does not cover what was allowed")
				}
			},
		})
	})
}
