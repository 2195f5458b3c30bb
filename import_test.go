package discreet_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
)

func historic(who discreet.Raw, at time.Time, c discreet.Choice) discreet.Historic {
	return discreet.Historic{Who: who, Historic: consent.Historic{Choice: c, At: at, Proof: "crm:1"}}
}

func all(list ...discreet.Historic) iter.Seq[discreet.Historic] { return slices.Values(list) }

// TestImport holds that answers of before count from their own date, that what is
// recorded here stays, that a no deletes, that it can be repeated, and the counts.
func TestImport(t *testing.T) {
	ctx, o := t.Context(), &told{}
	e := openWorld(t, discreet.Config{Ended: o.tell})
	day := func(n int) time.Time { return discreettest.Start.AddDate(0, 0, n) }
	carl, dora := discreet.Email("carl@example.com"), discreet.Email("dora@example.com")
	answers := []discreet.Historic{
		historic(ann, day(-40), agree),
		historic(bob, day(-400), agree), // expired by now
		historic(carl, day(-30), agree),
		historic(carl, day(-20), refuse),
		historic(discreet.Email("nobody"), day(-1), agree),
		historic(discreet.Raw{}, day(-1), agree),
	}
	n, err := e.Import(ctx, all(answers...))
	check(t, err)
	want := discreet.ImportTally{Answers: 6, Malformed: 2, Imported: consent.Imported{Given: 2, Expired: 1, Refused: 1}}
	if n != want {
		t.Errorf("%+v, want %+v", n, want)
	}
	again, err := e.Import(ctx, all(answers...))
	check(t, err)
	if again.Known != 4 || again.Given+again.Expired+again.Refused != 0 {
		t.Errorf("imported again: %+v", again)
	}
	// An event between the consent and now counts; one from before does not.
	for at, want := range map[int]consent.Reason{-39: consent.Granted, -41: consent.OutsideInterval} {
		ev := event(e, ann, fmt.Sprint(at), "a", "sports.running")
		ev.Time = day(at)
		outcomes, err := e.Record(ctx, ev)
		check(t, err)
		if outcomes[0].Decision.Reason != want {
			t.Errorf("an event of day %d: %v", at, outcomes[0].Decision)
		}
	}
	for who, want := range map[*discreet.Raw]consent.Reason{&bob: consent.Expired, &carl: consent.Withdrawn, &dora: consent.NoRecord} {
		d, err := e.Decide(ctx, *who, nil)
		check(t, err)
		if got := d[discreettest.Purpose].Reason; got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
	// A no that comes from elsewhere and is newer deletes what is held, and is told.
	o.take()
	e.Clock.Advance(time.Hour)
	n, err = e.Import(ctx, all(historic(ann, day(-1), refuse)))
	check(t, err)
	if n.Refused != 1 || len(profiles(t, e, ann)) != 0 {
		t.Errorf("%+v, and the profile is left: %v", n, profiles(t, e, ann))
	}
	if list := o.take(); len(list) != 1 || !slices.Equal(list[0].Purposes, []string{discreettest.Purpose}) {
		t.Errorf("told %+v", list)
	}
	// What was withdrawn or erased here is not revived.
	for name, end := range map[string]func() error{
		"withdrawn": func() error { return errOf(e.Withdraw(ctx, dora)) },
		"erased":    func() error { return errOf(e.Erase(ctx, dora, operator)) },
	} {
		e.Agree(t, dora)
		e.Clock.Advance(time.Hour)
		check(t, end())
		n, err := e.Import(ctx, all(historic(dora, day(-3), agree)))
		check(t, err)
		d, err := e.Decide(ctx, dora, nil)
		check(t, err)
		if n.Known != 1 || d[discreettest.Purpose].Allowed {
			t.Errorf("%s, and an import revives it: %+v, %v", name, n, d)
		}
		e.Clock.Advance(time.Hour)
	}
	x, err := e.Explain(ctx, carl, operator)
	check(t, err)
	if j := x.Consent.Journal; len(j) != 2 || j[0].What != consent.KindImported || j[0].Proof != "crm:1" || !j[0].At.Equal(day(-30)) || j[1].What != consent.KindWithdrawn {
		t.Errorf("%+v", j)
	}
}

// TestImportStops holds that a wrong answer or a cancelled context ends an import
// with what was taken so far, durably.
func TestImportStops(t *testing.T) {
	e := openWorld(t, discreet.Config{})
	at := discreettest.Start.AddDate(0, 0, -1)
	for name, bad := range map[string]struct {
		answer discreet.Historic
		err    error
	}{
		"no proof":   {discreet.Historic{Who: bob, Historic: consent.Historic{Choice: agree, At: at}}, consent.ErrProof},
		"tomorrow":   {historic(bob, discreettest.Start.AddDate(0, 0, 1), agree), consent.ErrClock},
		"no notice":  {historic(bob, at, discreet.Choice{Notice: "gone", Version: 1, Locale: "en", Grant: agree.Grant}), consent.ErrUnknownNotice},
		"no purpose": {historic(bob, at, discreet.Choice{Notice: "personal-pages", Version: 1, Locale: "en"}), consent.ErrChoice},
	} {
		n, err := e.Import(t.Context(), all(bad.answer, historic(ann, at, agree)))
		if err != bad.err || n.Given != 0 || n.Answers != 1 {
			t.Errorf("%s: %v, %+v", name, err, n)
		}
		n, err = e.Import(t.Context(), all(historic(discreet.Opaque(name), at, agree), bad.answer, historic(ann, at, agree)))
		if err != bad.err || n.Given != 1 || n.Answers != 2 {
			t.Errorf("%s, in second place: %v, %+v", name, err, n)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	many := func(yield func(discreet.Historic) bool) {
		for i := range 1000 {
			if i == 600 {
				cancel()
			}
			if !yield(historic(discreet.Opaque(fmt.Sprint("customer", i)), at, agree)) {
				return
			}
		}
	}
	n, err := e.Import(ctx, many)
	if err != context.Canceled || n.Given != 512 {
		t.Errorf("%v, %+v", err, n)
	}
}
