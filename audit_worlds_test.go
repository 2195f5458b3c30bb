package discreet_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/memstore"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// auditDeed is one thing that happens to one person in a world with an audit.
type auditDeed struct {
	person int
	after  time.Duration // since the deed before
	do     func(t *rapid.T, e *discreettest.Engine, who discreet.Raw)
}

func drawAuditDeed(t *rapid.T, people int) auditDeed {
	d := auditDeed{
		person: rapid.IntRange(0, people-1).Draw(t, "person"),
		after:  time.Duration(rapid.IntRange(0, 60).Draw(t, "hours")) * time.Hour,
	}
	late := time.Duration(rapid.IntRange(0, 80).Draw(t, "hours late")) * time.Hour
	yes := rapid.Bool().Draw(t, "yes")
	campaign := rapid.SampledFrom([]string{"loan", "segment/runners", "rank/home"}).Draw(t, "campaign")
	value := rapid.SampledFrom([]string{"", "women", "men", "another"}).Draw(t, "value")
	switch rapid.IntRange(0, 11).Draw(t, "kind") {
	case 0:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw) {
			check(t, errOf(e.Withdraw(bg, who, discreet.AuditPurpose)))
		}
	case 1:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw) {
			check(t, errOf(e.Erase(bg, who, operator)))
		}
	case 2, 3:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw) { check(t, e.Choose(bg, who, agreeAudit)) }
	case 4, 5, 6:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw) {
			_, err := e.RecordAttribute(bg, discreet.AttributeEvent{Who: who, Attribute: "sex", Value: value, Time: e.Clock.Now().Add(-late)})
			check(t, err)
		}
	case 7:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw) {
			_, err := e.RecordOutcome(bg, discreet.OutcomeEvent{Who: who, Campaign: campaign, Positive: yes, Time: e.Clock.Now().Add(-late)})
			check(t, err)
		}
	default:
		d.do = func(t *rapid.T, e *discreettest.Engine, who discreet.Raw) {
			_, err := e.RecordExposure(bg, discreet.ExposureEvent{Who: who, Campaign: campaign, Reached: yes, Time: e.Clock.Now().Add(-late)})
			check(t, err)
		}
	}
	return d
}

// TestAuditTwoWorlds adds one person, anywhere in a random run, and looks at everybody
// else: what is recorded of them for audits, and what of it counts, is equal. Opening
// the engine anew in between changes nothing.
func TestAuditTwoWorlds(t *testing.T) {
	cfg := discreettest.Open(t, auditConfig()).Config
	cfg.Now = nil
	rapid.Check(t, func(rt *rapid.T) {
		deeds := make([]auditDeed, rapid.IntRange(1, 30).Draw(rt, "deeds"))
		for i := range deeds {
			deeds[i] = drawAuditDeed(rt, len(worldPeople))
		}
		extra := rapid.IntRange(0, len(worldPeople)-1).Draw(rt, "extra person")
		run := func(without int, anew bool) (*discreettest.Engine, *memstore.Store) {
			c, store := cfg, memstore.Volatile()
			c.Store = store
			e := discreettest.Open(t, c)
			for i, who := range worldPeople {
				if i != without {
					check(rt, e.Choose(bg, who, agreeAudit))
				}
			}
			for i, d := range deeds {
				e.Clock.Advance(d.after)
				check(rt, e.AdvanceWindow(bg, operator))
				if d.person != without {
					d.do(rt, e, worldPeople[d.person])
				}
				if anew && i%5 == 4 {
					check(rt, e.Close())
					opened, err := discreet.Open(bg, e.Config)
					check(rt, err)
					e = &discreettest.Engine{Engine: opened, Clock: e.Clock, Config: e.Config}
				}
			}
			_, err := e.Sweep(bg)
			check(rt, err)
			return e, store
		}
		with, storeWith := run(-1, false)
		less, storeLess := run(extra, true)
		id := idOf(rt, with, worldPeople[extra])
		a, b := auditRows(rt, storeWith), auditRows(rt, storeLess)
		delete(a, id)
		if !maps.Equal(a, b) {
			rt.Fatal("adding a person changed what is recorded of somebody else")
		}
		va, vb := vectors(rt, with, "audit"), vectors(rt, less, "audit")
		delete(va, id)
		if !cmp.Equal(va, vb, discreettest.Options()) {
			rt.Fatal("adding a person changed somebody else's vector")
		}
	})
}

// TestAuditFaults fails every single write of people's rows in turn, before and after it
// happened, in a life with audits. Whoever got an error makes the call again; in the end
// the store holds what it holds without a fault.
func TestAuditFaults(t *testing.T) {
	keys := discreettest.Open(t, auditConfig()).Config.Keys
	next := rotated(t, keys)
	device, carl := discreet.Device("6fa459ea-ee8a-4ca4-894e-db77e160355e"), discreet.Email("carl@example.com")
	at := discreettest.Start
	choose := func(who discreet.Raw, c discreet.Choice) func(e *discreet.Engine) error {
		return func(e *discreet.Engine) error { return e.Choose(bg, who, c) }
	}
	record := func(who discreet.Raw, value string) func(e *discreet.Engine) error {
		return func(e *discreet.Engine) error {
			_, err := e.RecordAudits(bg, discreet.AuditBatch{
				Attributes: []discreet.AttributeEvent{{Who: who, Attribute: "sex", Value: value, Time: at}},
				Exposures:  []discreet.ExposureEvent{{Who: who, Campaign: "loan", Reached: true, Time: at}},
			})
			return err
		}
	}
	outcome := func(e *discreet.Engine) error {
		_, err := e.RecordOutcome(bg, discreet.OutcomeEvent{Who: device, Campaign: "rank/home", Positive: true, Time: at})
		return err
	}
	life := []func(e *discreet.Engine) error{
		choose(ann, agreeAudit), choose(bob, agreeAudit), choose(device, agreeAudit), choose(carl, agreeAudit),
		record(ann, "women"), record(bob, "men"), record(device, "men"), record(carl, "another"), outcome,
		func(e *discreet.Engine) error { return e.Merge(bg, device, ann) },
		func(e *discreet.Engine) error { return e.SetKeys(bg, next, operator) },
		record(ann, "women"),
		func(e *discreet.Engine) error { return errOf(e.Withdraw(bg, bob, discreet.AuditPurpose)) },
		choose(carl, refuseAudit), choose(carl, agreeAudit), record(carl, "men"),
		func(e *discreet.Engine) error { _, err := e.Sweep(bg); return err },
	}
	run := func(at int, after bool) (map[string]string, int) {
		f := &faulty{Store: memstore.Volatile(), at: at, after: after}
		cfg := auditConfig()
		cfg.Store, cfg.Keys = f, keys
		world := discreettest.Open(t, cfg)
		e, config := world.Engine, world.Config
		for i, step := range life {
			err := step(e)
			if errors.Is(err, errFault) {
				check(t, e.Close())
				if i > 10 {
					config.Keys = next
				}
				if e, err = discreet.Open(bg, config); err != nil {
					t.Fatalf("write %d: %v", at, err)
				}
				err = step(e)
			}
			if err != nil {
				t.Fatalf("write %d, step %d: %v", at, i, err)
			}
		}
		rows := map[string]string{}
		for id, row := range auditRows(t, f.Store) {
			rows[fmt.Sprint(id.Bytes())] = row
		}
		allLogged(t, f.Store)
		return rows, f.writes
	}
	want, writes := run(0, false)
	if writes < len(life)-2 || len(want) != 2 {
		t.Fatalf("%d writes, %d rows", writes, len(want))
	}
	for at := 1; at <= writes; at++ {
		for _, after := range []bool{false, true} {
			if got, _ := run(at, after); !maps.Equal(got, want) {
				t.Errorf("write %d fails, after it happened: %v: %d rows, want %d, or others", at, after, len(got), len(want))
			}
		}
	}
}

// TestAuditWithdrawalWins ends consent while exposures are recorded.
func TestAuditWithdrawalWins(t *testing.T) {
	e, store := audit(t, auditConfig())
	for range 50 {
		check(t, e.Choose(bg, ann, agreeAudit))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 5 {
					exposes(fatal{t}, e, ann, "loan", true)
				}
			})
		}
		check(t, errOf(e.Withdraw(bg, ann, discreet.AuditPurpose)))
		wg.Wait()
		if len(auditRows(t, store)) != 0 {
			t.Fatal("an exposure was recorded after its consent ended")
		}
		e.Clock.Advance(time.Second)
	}
}

// TestAuditOtherEngine lets another engine on the same store end a consent between the
// decision and the row.
func TestAuditOtherEngine(t *testing.T) {
	store := &sharedStore{Store: memstore.Volatile()}
	cfg := auditConfig()
	cfg.Store = store
	e := discreettest.Open(t, cfg)
	other, err := discreet.Open(bg, e.Config)
	check(t, err)
	for name, end := range map[string]func() error{
		"withdraw": func() error { return errOf(other.Withdraw(bg, ann)) },
		"refuse":   func() error { return other.Choose(bg, ann, refuseAudit) },
		"erase":    func() error { return errOf(other.Erase(bg, ann, operator)) },
	} {
		e.Clock.Advance(time.Hour)
		check(t, e.Choose(bg, ann, agreeAudit))
		var once sync.Once
		store.between = func() { once.Do(func() { store.between = nil; check(t, end()) }) }
		if o := exposes(t, e, ann, "loan", true); o.Decision.Allowed || len(auditRows(t, store)) != 0 {
			t.Errorf("%s by another engine: %+v, %d rows", name, o, len(auditRows(t, store)))
		}
	}
}

// TestAuditCanary looks for identifiers in everything that comes out but the export of their
// people, and for what the people state in the file of the store.
func TestAuditCanary(t *testing.T) {
	canaries := discreettest.Canaries(t, 10)
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := boltstore.Open(path, boltstore.Options{})
	check(t, err)
	cfg := auditConfig()
	cfg.Store = store
	var printed, logged bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&logged, nil))
	cfg.Observe = func(o discreet.Observation) { logger.Info("call", "observation", o) }
	e := discreettest.Open(t, cfg)
	show := func(values ...any) {
		for _, v := range values {
			fmt.Fprintf(&printed, "%v %+v %#v %s %x\n", v, v, v, v, v)
			logger.Info("value", "v", v)
			if b, err := json.Marshal(v); err == nil {
				printed.Write(b)
			}
		}
	}
	for _, c := range canaries {
		who := discreet.Email(c)
		check(t, e.Choose(bg, who, agreeAudit))
		a := discreet.AttributeEvent{Who: who, Attribute: "sex", Value: "women", Time: e.Clock.Now()}
		x := discreet.ExposureEvent{Who: who, Campaign: "loan", Reached: true, Time: e.Clock.Now()}
		y := discreet.OutcomeEvent{Who: who, Campaign: "loan", Positive: true, Time: e.Clock.Now()}
		batch := discreet.AuditBatch{Attributes: []discreet.AttributeEvent{a}, Exposures: []discreet.ExposureEvent{x}, Outcomes: []discreet.OutcomeEvent{y}}
		tally, err := e.RecordAudits(bg, batch)
		check(t, err)
		show(tally, a, &a, x, &x, y, &y, batch)
		for _, bad := range []discreet.AttributeEvent{
			{Who: who, Attribute: c, Value: "women", Time: e.Clock.Now()}, {Who: who, Attribute: "sex", Value: c, Time: e.Clock.Now()},
			{Who: discreet.Email(c + " <" + c + ">"), Attribute: "sex", Value: "men", Time: e.Clock.Now()},
		} {
			o, err := e.RecordAttribute(bg, bad)
			if err == nil {
				t.Error("taken")
			}
			show(o, err.Error(), fmt.Sprintf("%#v", err))
		}
		own, err := e.Export(bg, who, operator)
		check(t, err)
		show(own.Audited)
	}
	r, err := e.Release(bg, discreet.Query{Name: "canary", Measure: "audit", Share: 0.2}, operator)
	check(t, err)
	show(r, r.Header(), r.Cells(), string(r.Note()), e.Stats())
	check(t, e.Close())
	check(t, store.Close())
	file, err := os.ReadFile(path)
	check(t, err)
	discreettest.Sweep(t, canaries, map[string][]byte{"the store": file, "printed values and errors": printed.Bytes(), "the log": logged.Bytes()})
	if bytes.Contains(file, []byte("segment/runners")) || bytes.Contains(file, []byte("women")) {
		t.Error("a row stands in the store's file in clear")
	}
}
