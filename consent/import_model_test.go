package consent_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/discreet-go/discreet/consent"
)

// ledger is the naive reference of imports: for each purpose what was said, with
// the moment, sorted; decided by replaying it.
type ledger struct {
	said   map[string][]saying
	erased int64 // everything up to then is forgotten; 0: nothing
}

type saying struct {
	at      int64
	yes     bool
	reaches []string // a no: the purposes that it ends, of itself and those below
}

// above returns the purpose and those above it.
func above(purpose string) (list []string) {
	for {
		list = append(list, purpose)
		i := strings.LastIndexByte(purpose, '.')
		if i < 0 {
			return list
		}
		purpose = purpose[:i]
	}
}

// knows reports whether a yes to the purpose, a no to it or above it, or an
// erasure, is as new as that.
func (l *ledger) knows(purpose string, at int64) bool {
	newer := func(no bool) func(saying) bool {
		return func(s saying) bool { return s.at >= at && (!s.yes || !no) }
	}
	return l.erased >= at && l.erased > 0 || slices.ContainsFunc(l.said[purpose], newer(false)) ||
		slices.ContainsFunc(above(purpose), func(key string) bool { return slices.ContainsFunc(l.said[key], newer(true)) })
}

func (l *ledger) say(purpose string, s saying) {
	list := append(l.said[purpose], s)
	slices.SortStableFunc(list, func(x, y saying) int { return int(x.at - y.at) })
	l.said[purpose] = list
}

// imported takes over an answer, and counts.
func (l *ledger) imported(grant, refuse []string, at int64) (known int) {
	yes := func(key string) bool { return !l.knows(key, at) }
	granted := slices.DeleteFunc(slices.Clone(grant), func(key string) bool { return !yes(key) })
	type no struct {
		key     string
		own     bool
		reaches []string
	}
	var nos []no
	for _, key := range refuse {
		n := no{key: key, own: !l.knows(key, at)}
		for _, other := range treeKeys {
			if slices.Contains(above(other), key) && !l.knows(other, at) {
				n.reaches = append(n.reaches, other)
			}
		}
		nos = append(nos, n)
	}
	known = len(grant) - len(granted)
	for _, n := range nos {
		switch {
		case n.own:
			l.say(n.key, saying{at: at, reaches: n.reaches})
		default: // a newer yes stays; what is older below it ends
			ended := 0
			for _, other := range n.reaches {
				covered := slices.ContainsFunc(nos, func(o no) bool { return o.own && slices.Contains(o.reaches, other) })
				if l.episode(other, at) != 0 && !covered {
					l.say(other, saying{at: at, reaches: []string{other}})
					ended++
				}
			}
			if ended == 0 {
				known++
			}
		}
	}
	for _, key := range granted {
		l.say(key, saying{at: at, yes: true})
	}
	return known
}

// episode returns the beginning of the unbroken consent at the moment x, 0 for
// none. Consents last 30 days from the last yes.
func (l *ledger) episode(purpose string, x int64) (from int64) {
	var all []saying
	for _, key := range above(purpose) {
		for _, s := range l.said[key] {
			if s.at <= x && (s.yes && key == purpose || slices.Contains(s.reaches, purpose)) {
				all = append(all, s)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b saying) int { return int(a.at - b.at) })
	var until int64
	for _, s := range all {
		switch {
		case !s.yes:
			from = 0
		case from == 0 || s.at >= until:
			from, until = s.at, s.at+30*day
		default:
			until = s.at + 30*day
		}
	}
	if x >= until {
		return 0
	}
	return from
}

// Random steps and imports of random dates decide like the replay of what counts;
// and where a no, a withdrawal or an erasure recorded here at or after the date of
// an import denied, the import allows nothing.
func TestImportAgreesWithReplay(t *testing.T) {
	b := treeBook(t)
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(treeKeys), 0, 3, rapid.ID[string])
	rapid.Check(t, func(t *rapid.T) {
		r, l := &consent.Record{}, &ledger{said: map[string][]saying{}}
		now := t0.UnixMilli()
		below := func(key string) (list []string) {
			return slices.DeleteFunc(slices.Clone(treeKeys), func(other string) bool { return !slices.Contains(above(other), key) })
		}
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) { now += rapid.Int64Range(1, 20*24).Draw(t, "hours") * day / 24 },
			"choose": func(t *rapid.T) {
				c := answers(strings.Join(some.Draw(t, "grant"), " "), strings.Join(some.Draw(t, "refuse"), " "))
				now++ // two answers have two moments
				if r.Choose(b, c, at(now)) != nil {
					return
				}
				for _, key := range c.Refuse {
					l.say(key, saying{at: now, reaches: below(key)})
				}
				for _, key := range c.Grant {
					l.say(key, saying{at: now, yes: true})
				}
			},
			"withdraw": func(t *rapid.T) {
				key := rapid.SampledFrom(treeKeys).Draw(t, "purpose")
				now++
				r.Withdraw(key, at(now))
				l.say(key, saying{at: now, reaches: below(key)})
			},
			"erase": func(t *rapid.T) {
				if rapid.IntRange(0, 3).Draw(t, "really") == 0 {
					now++
					r.Erase(at(now))
					*l = ledger{said: map[string][]saying{}, erased: now}
				}
			},
			"import": func(t *rapid.T) {
				c := answers(strings.Join(some.Draw(t, "grant"), " "), strings.Join(some.Draw(t, "refuse"), " "))
				when := now - rapid.Int64Range(0, 60*24).Draw(t, "hours ago")*day/24 - 1
				if n := len(l.said["a"]); n > 0 && rapid.Bool().Draw(t, "edge") {
					when = l.said["a"][rapid.IntRange(0, n-1).Draw(t, "nth")].at
				}
				history := reread(t, r).History()
				n, err := r.Import(b, consent.Historic{Choice: c, At: at(when), Proof: "x"}, at(now))
				if err != nil {
					return
				}
				if n.Given+n.Expired+n.Refused+n.Known != len(c.Grant)+len(c.Refuse) {
					t.Fatalf("counts do not add up: %+v", n)
				}
				if known := l.imported(c.Grant, c.Refuse, when); n.Known != known {
					t.Fatalf("%+v, want %d known", n, known)
				}
				for _, key := range treeKeys {
					for back := int64(0); history.Returned(at(when), key) && back < 70*day; back += day / 2 {
						if event := at(now - back); allowed(b, r.History(), key, event, at(now)) && !allowed(b, history, key, event, at(now)) {
							t.Fatalf("%s: allowed against a no that is newer", key)
						}
					}
				}
			},
			"": func(t *rapid.T) {
				key := rapid.SampledFrom(treeKeys).Draw(t, "asked")
				want := l.episode(key, now)
				event := now - rapid.Int64Range(0, 70*24).Draw(t, "hours")*day/24
				if want != 0 && rapid.Bool().Draw(t, "beginning") {
					event = want - rapid.Int64Range(0, 1).Draw(t, "before")
				}
				got := allowed(b, r.History(), key, at(event), at(now))
				if yes := want != 0 && event >= want; got != yes {
					t.Fatalf("%s, event %d, now %d: %v, want %v of %+v", key, event, now, got, yes, l.said)
				}
				reread(t, r)
			},
		})
	})
}
