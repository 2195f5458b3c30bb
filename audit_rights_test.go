package discreet_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/consent/iab"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/google/go-cmp/cmp"
)

// audit returns an engine with an audit, in which the people agreed and are known.
func audit(t *testing.T, cfg discreet.Config, people ...discreet.Raw) (*discreettest.Engine, *memstore.Store) {
	t.Helper()
	store := memstore.Volatile()
	cfg.Store = store
	e := discreettest.Open(t, cfg)
	for _, who := range people {
		check(t, e.Choose(bg, who, agreeAudit))
		states(t, e, who, "women")
		exposes(t, e, who, "loan", true)
	}
	return e, store
}

func ownAudits(t *testing.T, e *discreettest.Engine, who discreet.Raw) []discreet.Audited {
	t.Helper()
	x, err := e.Export(t.Context(), who, operator)
	check(t, err)
	y, err := e.Explain(t.Context(), who, operator)
	check(t, err)
	if diff := cmp.Diff(x.Audited, y.Audited); diff != "" {
		t.Error(diff)
	}
	return x.Audited
}

// TestAuditShown holds the JSON in which a person gets what is held.
func TestAuditShown(t *testing.T) {
	e, _ := audit(t, auditConfig(), ann)
	e.Clock.Advance(26 * time.Hour)
	_, err := e.RecordOutcome(bg, discreet.OutcomeEvent{Who: ann, Campaign: "loan", Positive: true, Time: e.Clock.Now()})
	check(t, err)
	exposes(t, e, ann, "rank/home", false)
	got, err := json.MarshalIndent(ownAudits(t, e, ann), "", "  ")
	check(t, err)
	const want = `[
  {
    "format": "discreet-audited/0",
    "purpose": "fairness.audit",
    "use": "Counted, with noise, in tables of how many people of each group a campaign reached. No segment, profile or ranking reads it.",
    "notice": "audits",
    "notice_version": 1,
    "consent_ends": "2027-01-05T12:00:00Z",
    "first_recorded": "2026-01-05",
    "last_recorded": "2026-01-06",
    "enters_window": 0,
    "attributes": [
      {
        "attribute": "sex",
        "value": "women",
        "stated": "2026-01-05T12:00:00Z",
        "until": "2026-03-06"
      }
    ],
    "campaigns": [
      {
        "campaign": "loan",
        "exposure": "reached",
        "last_day": "2026-01-05",
        "outcome": "yes",
        "outcome_at": "2026-01-06T14:00:00Z",
        "until": "2026-03-07"
      },
      {
        "campaign": "rank/home",
        "exposure": "eligible",
        "last_day": "2026-01-06",
        "until": "2026-03-07"
      }
    ]
  }
]`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	states(t, e, ann, "") // takes back
	if x := ownAudits(t, e, ann); x[0].Attributes[0].Value != "" || len(vectors(t, e, "audit")) != 0 {
		t.Errorf("%+v", x)
	}
	if x := ownAudits(t, e, bob); len(x) != 0 {
		t.Errorf("%+v", x)
	}
}

// TestAuditMerge joins two identifiers: a no of either wins, and both rows are one.
func TestAuditMerge(t *testing.T) {
	e, store := audit(t, auditConfig(), ann, bob)
	exposes(t, e, bob, "segment/runners", false)
	check(t, e.Merge(bg, bob, ann))
	x := ownAudits(t, e, ann)
	if len(auditRows(t, store)) != 1 || len(x) != 1 || len(x[0].Campaigns) != 2 || len(ownAudits(t, e, bob)) != 0 {
		t.Errorf("%+v", x)
	}
	if len(vectors(t, e, "audit")) != 1 {
		t.Error("both count, or none")
	}
	device := discreet.Device("6fa459ea-ee8a-4ca4-894e-db77e160355e")
	check(t, e.Choose(bg, device, refuseAudit))
	check(t, e.Merge(bg, device, ann))
	if len(auditRows(t, store)) != 0 {
		t.Error("a row outlived the other identifier's no")
	}
}

// TestAuditKeys rotates the root: rows move with their salts; what is kept for erasure
// only is shown and erased, and counts no more; what is lost is swept.
func TestAuditKeys(t *testing.T) {
	e, store := audit(t, auditConfig(), ann, bob, worldPeople[0])
	old := e.Config.Keys
	before, row := ownAudits(t, e, ann), auditRows(t, store)[idOf(t, e, ann)]
	next := rotated(t, old)
	check(t, e.SetKeys(bg, next, operator))
	if v := vectors(t, e, "audit"); len(v) != 3 {
		t.Errorf("%d people count", len(v))
	}
	m, err := e.Rekey(bg, slices.Values([]discreet.Raw{ann}))
	check(t, err)
	if m.Moved != 1 || row == "" || auditRows(t, store)[idOf(t, e, ann)] != row || !cmp.Equal(ownAudits(t, e, ann), before) {
		t.Errorf("%+v: the row was not moved as it was", m)
	}
	exposes(t, e, bob, "loan", true) // seen, and moved
	if n := len(auditRows(t, store)); n != 3 {
		t.Errorf("%d rows", n)
	}
	only := retired(t, next, old.KeyID(), pseudonym.EraseOnly)
	check(t, e.SetKeys(bg, only, operator))
	if len(ownAudits(t, e, worldPeople[0])) != 1 {
		t.Error("what is kept for access is not shown")
	}
	check(t, e.SetKeys(bg, retired(t, only, old.KeyID(), pseudonym.Destroyed), operator))
	s, err := e.Sweep(bg)
	check(t, err)
	if s.Profiles != 1 || len(auditRows(t, store)) != 2 {
		t.Errorf("%+v", s)
	}
}

// TestAuditExpires: what is over is shown and counted no more, swept or not; an expired
// consent is told.
func TestAuditExpires(t *testing.T) {
	var o told
	cfg := auditConfig()
	cfg.Ended = o.tell
	short := auditNotice
	short.Version, short.ConsentDays = 2, 70
	cfg.Notices = append(cfg.Notices, short)
	e, store := audit(t, cfg, ann)
	later := func(d time.Duration) {
		e.Clock.Advance(d)
		check(t, e.AdvanceWindow(bg, operator))
	}
	later(40 * 24 * time.Hour)
	exposes(t, e, ann, "rank/home", true)
	later(25 * 24 * time.Hour)
	for range 2 {
		if x := ownAudits(t, e, ann); len(x[0].Attributes) != 0 || len(x[0].Campaigns) != 1 || len(vectors(t, e, "audit")) != 0 {
			t.Errorf("%+v", x)
		}
		if s, err := e.Sweep(bg); err != nil || s.Profiles != 0 {
			t.Errorf("%+v, %v", s, err)
		}
	}
	states(t, e, ann, "women")
	again := agreeAudit
	again.Version = 2
	check(t, e.Choose(bg, ann, again)) // ends sooner
	if x := ownAudits(t, e, ann); !x[0].ConsentEnds.Equal(e.Clock.Now().AddDate(0, 0, 70)) {
		t.Errorf("%+v", x)
	}
	later(69 * 24 * time.Hour)
	check(t, e.Choose(bg, ann, again)) // is prolonged
	if x := ownAudits(t, e, ann); !x[0].ConsentEnds.Equal(e.Clock.Now().AddDate(0, 0, 70)) {
		t.Errorf("not prolonged with the answer: %+v", x)
	}
	states(t, e, ann, "women")
	later(71 * 24 * time.Hour)
	if len(vectors(t, e, "audit")) != 0 {
		t.Error("counted after consent expired")
	}
	s, err := e.Sweep(bg)
	check(t, err)
	if s.Profiles != 1 || len(auditRows(t, store)) != 0 || len(o.list) != 1 || o.list[0].Why != consent.KindExpired || !slices.Equal(o.list[0].Purposes, []string{discreet.AuditPurpose}) {
		t.Errorf("%+v, told %+v", s, o.list)
	}
}

// TestAuditObeys ends what is held by a signal, a consent system and an import.
func TestAuditObeys(t *testing.T) {
	cfg := auditConfig()
	cfg.TCF = map[string]iab.TCFRule{discreet.AuditPurpose: {Purposes: []int{9}}}
	e, store := audit(t, cfg, ann)
	o, err := e.RecordExposure(bg, discreet.ExposureEvent{Who: ann, Campaign: "loan", Time: e.Clock.Now(), Signals: discreet.Signals{TCF: "CQSbk4AQSbk4ANwAAAENAwCgAAAAAAAAAAYgACPAAAAA"}})
	check(t, err)
	if o.Decision.Allowed {
		t.Errorf("a signal that cannot be used allows: %+v", o)
	}
	check(t, e.Choose(bg, bob, agreeAudit))
	states(t, e, bob, "men")
	_, err = e.Import(bg, all(historic(bob, e.Clock.Now().Add(time.Second), refuseAudit)))
	if err == nil { // a date of the future is refused
		t.Error("an answer of the future was taken")
	}
	e.Clock.Advance(time.Hour)
	_, err = e.Import(bg, all(historic(bob, e.Clock.Now(), refuseAudit)))
	check(t, err)
	if _, ok := auditRows(t, store)[idOf(t, e, bob)]; ok {
		t.Error("a row outlived a no that was imported")
	}

	src := &source{answer: map[string]consent.Answer{}}
	cfg = auditConfig()
	cfg.Source, cfg.SourceTimeout = src, time.Second
	e, store = audit(t, cfg)
	src.answer[ann.Expose()] = consent.Answer{State: consent.Allowed, Since: e.Clock.Now()}
	if o := states(t, e, ann, "women"); !o.Decision.Allowed || len(auditRows(t, store)) != 1 {
		t.Errorf("%+v", o)
	}
	e.Clock.Advance(time.Hour)
	src.answer[ann.Expose()] = consent.Answer{State: consent.Denied}
	if o := exposes(t, e, ann, "loan", true); o.Decision.Allowed || len(auditRows(t, store)) != 0 {
		t.Errorf("the consent system said no: %+v, %d rows", o, len(auditRows(t, store)))
	}
	src.answer[bob.Expose()] = consent.Answer{State: consent.Allowed, Since: e.Clock.Now()}
	states(t, e, bob, "men")
	e.Clock.Advance(time.Hour)
	src.answer[bob.Expose()] = consent.Answer{State: consent.Denied}
	d, err := e.Decide(bg, bob, nil)
	check(t, err)
	if d[discreet.AuditPurpose].Allowed || len(auditRows(t, store)) != 0 {
		t.Errorf("%+v, %d rows", d, len(auditRows(t, store)))
	}
}

// TestAuditGivenUp: rows of an audit that is gone are noticed, and deleted when told.
func TestAuditGivenUp(t *testing.T) {
	e, store := audit(t, auditConfig(), ann)
	next := e.Config
	next.Audit, next.Measures = nil, []dp.Measure{worldMeasures[0]}
	if _, err := discreet.Open(t.Context(), next); !errors.Is(err, discreet.ErrLeftover) {
		t.Error(err)
	}
	next.Retire = []string{discreet.AuditPurpose}
	_, err := discreet.Open(t.Context(), next)
	check(t, err)
	if len(auditRows(t, store)) != 0 {
		t.Error("rows of an audit that was given up are left")
	}
}

// TestAuditProcessing: the record of processing and the assessment name it.
func TestAuditProcessing(t *testing.T) {
	e, _ := audit(t, auditConfig(), ann)
	docs := documents(t, e)
	for _, text := range []string{
		`"audit": {`, `"campaigns": [`, "Recorded for audits of fairness", "What a person states about sex: another, men, women.", "Of 3 campaigns",
		"Measure audit counts people by groups and campaigns", "60 days after it was stated",
		"What people state for audits, of special categories perhaps, is used for something else.", "exposures to 3 campaigns with their outcomes",
	} {
		if !strings.Contains(docs["processing-v0.json"]+docs["processing-v0.md"]+docs["assessment-v0.md"], text) {
			t.Errorf("%q is missing", text)
		}
	}
	if p := e.Processing(); p.Purposes[0].Key != discreet.AuditPurpose || p.Purposes[0].KeptDays != 60 || len(p.Purposes[0].Audit.Campaigns) != 3 {
		t.Errorf("%+v", p.Purposes[0])
	}
	cfg := auditConfig()
	cfg.Segments, cfg.Measures = nil, []dp.Measure{auditGroups}
	cfg.TTLDays, cfg.Budget.WindowDays = 40, 7 // what ended is remembered as long as something of before may come late
	short, _ := audit(t, cfg)
	if docs := documents(t, short); !strings.Contains(docs["processing-v0.md"], "61 days after its end") {
		t.Error("what ended is forgotten before all that is kept is over")
	}
	fresh, _ := audit(t, auditConfig())
	if diff := cmp.Diff(docs, documents(t, fresh)); diff != "" {
		t.Error("the documents tell of people: " + diff)
	}
}
