package fairness_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/internal/proof"
)

const today = dp.Day(20612) // 2026-06-08, the day of the tables

// logged keeps what was logged, or fails.
type logged struct {
	list []fairness.Decision
	err  error
}

func (l *logged) log(_ context.Context, d fairness.Decision) error {
	if l.err == nil {
		l.list = append(l.list, d)
	}
	return l.err
}

func gateConfig(l *logged) fairness.GateConfig {
	audit := fairness.Default()
	audit.Reference = "men"
	employment := fairness.Category{
		Name: fairness.Employment, Forbidden: []string{"gender", "age"}, Exempt: []string{"page"},
		Groups: []string{"men", "women"}, Audit: audit, Proxy: fairness.DefaultProxy(), MaxAgeDays: 7,
	}
	political := employment
	political.Name = "political"
	return fairness.GateConfig{
		Account: "shop", Exposures: "reach", Membership: "members", Log: l.log, Categories: []fairness.Category{employment, political},
	}
}

func newGate(t *testing.T, c fairness.GateConfig) *fairness.Gate {
	t.Helper()
	g, err := fairness.NewGate(c)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func members(h *proof.Header) { h.Measure, h.Entry, h.Name = "members", 8, "members-week-2" }

// TestGate goes through what closes a gate, one thing at a time.
func TestGate(t *testing.T) {
	good, segments := table(t, 10, jobs(98)), table(t, 10, memberships(), members)
	for name, c := range map[string]struct {
		change func(r *fairness.Request)
		want   []fairness.Cause
	}{
		"all is well":       {func(*fairness.Request) {}, nil},
		"seven days":        {func(r *fairness.Request) { r.Today += 7 }, nil},
		"no segment":        {func(r *fairness.Request) { r.Uses, r.Tables = nil, r.Tables[:1] }, nil},
		"declared category": {func(r *fairness.Request) { r.Category = "political" }, nil},
		"unrestricted": {func(r *fairness.Request) {
			*r = fairness.Request{Campaign: "shoes", Category: fairness.Unrestricted, Uses: []string{"gender"}, Today: 1}
		}, nil},
		"nothing declared": {func(r *fairness.Request) { r.Category = "" }, []fairness.Cause{{fairness.Undeclared, ""}}},
		"housing":          {func(r *fairness.Request) { r.Category = fairness.Housing }, []fairness.Cause{{fairness.Undeclared, ""}}},
		"credit":           {func(r *fairness.Request) { r.Category = fairness.Credit }, []fairness.Cause{{fairness.Undeclared, ""}}},
		"forbidden":        {func(r *fairness.Request) { r.Uses = []string{"page", "gender"} }, []fairness.Cause{{fairness.ForbiddenUse, "gender"}}},
		"proxy":            {func(r *fairness.Request) { r.Uses = []string{"razors"} }, []fairness.Cause{{fairness.ProxyDetected, "razors"}}},
		"unclear":          {func(r *fairness.Request) { r.Uses = []string{"sailing"} }, []fairness.Cause{{fairness.ProxyUnclear, "sailing"}}},
		"untested":         {func(r *fairness.Request) { r.Uses = []string{"chess"} }, []fairness.Cause{{fairness.ProxyUntested, "chess"}}},
		"several": {func(r *fairness.Request) { r.Uses = []string{"sailing", "age", "music", "razors"} }, []fairness.Cause{
			{fairness.ForbiddenUse, "age"}, {fairness.ProxyDetected, "razors"}, {fairness.ProxyUnclear, "sailing"}}},
		"no tables":      {func(r *fairness.Request) { r.Tables = nil }, []fairness.Cause{{fairness.ProxyUntested, "music"}, {fairness.AuditMissing, ""}}},
		"other campaign": {func(r *fairness.Request) { r.Campaign = "homes" }, []fairness.Cause{{fairness.AuditMissing, ""}}},
		"eight days":     {func(r *fairness.Request) { r.Today += 8 }, []fairness.Cause{{fairness.ProxyUntested, "music"}, {fairness.AuditStale, ""}}},
		"a day to come":  {func(r *fairness.Request) { r.Today-- }, []fairness.Cause{{fairness.ProxyUntested, "music"}, {fairness.AuditStale, ""}}},
		"fails":          {func(r *fairness.Request) { r.Tables[0] = table(t, 10, jobs(60)) }, []fairness.Cause{{fairness.AuditFailed, "women"}}},
		"inconclusive":   {func(r *fairness.Request) { r.Tables[0] = table(t, 10, jobs(80)) }, []fairness.Cause{{fairness.AuditInconclusive, "women"}}},
		"a group is missing": {func(r *fairness.Request) {
			r.Tables[0] = table(t, 10, counts{{"jobs", "men"}: {1000, 9000}, {"jobs", "others"}: {1000, 9000}})
		}, []fairness.Cause{{fairness.AuditMissing, ""}}},
		"another account": {func(r *fairness.Request) {
			r.Tables[0] = table(t, 10, jobs(98), func(h *proof.Header) { h.Account = "store" })
		}, []fairness.Cause{{fairness.AuditMissing, ""}}},
		"another measure": {func(r *fairness.Request) { r.Tables[0] = table(t, 10, jobs(98), members) }, []fairness.Cause{{fairness.AuditMissing, ""}}},
		"a newer table fails": {func(r *fairness.Request) {
			r.Tables = append(r.Tables, table(t, 10, jobs(60), func(h *proof.Header) { h.Entry = 9 }))
		}, []fairness.Cause{{fairness.AuditFailed, "women"}}},
		"an older table fails": {func(r *fairness.Request) {
			r.Tables = append(r.Tables, table(t, 10, jobs(60), func(h *proof.Header) { h.AsOf = "2026-06-01"; h.Entry = 9 }))
		}, nil},
		"no table": {func(r *fairness.Request) { r.Tables = append(r.Tables, nil, &fairness.Table{}) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var l logged
			g := newGate(t, gateConfig(&l))
			r := fairness.Request{Campaign: "jobs", Category: fairness.Employment, Uses: []string{"music", "page"}, Today: today, Tables: []*fairness.Table{good, segments}}
			c.change(&r)
			d, err := g.Check(t.Context(), r)
			if err != nil || d.Open != (c.want == nil) || !slices.Equal(d.Causes, c.want) {
				t.Errorf("%+v, %v", d, err)
			}
			if len(l.list) != 1 || !reflect.DeepEqual(l.list[0], d) {
				t.Errorf("logged %+v", l.list)
			}
			if d.Open && r.Category != fairness.Unrestricted && len(d.Sources) != min(2, 1+len(r.Uses)) {
				t.Errorf("rests on %+v", d.Sources)
			}
		})
	}
}

// TestGateLogs holds that a decision that is not logged does not stand.
func TestGateLogs(t *testing.T) {
	full := errors.New("full")
	l := &logged{err: full}
	g := newGate(t, gateConfig(l))
	r := fairness.Request{Campaign: "shoes", Category: fairness.Unrestricted, Today: today}
	if d, err := g.Check(t.Context(), r); d.Open || !errors.Is(err, fairness.ErrLog) || !errors.Is(err, full) {
		t.Errorf("%+v, %v", d, err)
	}
	l.err = nil
	ended, end := context.WithCancel(t.Context())
	end()
	if d, err := g.Check(ended, r); d.Open || !errors.Is(err, context.Canceled) || len(l.list) != 0 {
		t.Errorf("%+v, %v", d, err)
	}
	for _, bad := range []fairness.Request{{Category: fairness.Unrestricted, Today: today}, {Campaign: "shoes", Category: fairness.Unrestricted}} {
		if d, err := g.Check(t.Context(), bad); d.Open || !errors.Is(err, fairness.ErrRequest) {
			t.Errorf("%+v, %v", d, err)
		}
	}
	var zero fairness.Gate
	if d, err := zero.Check(t.Context(), r); d.Open || !errors.Is(err, fairness.ErrGate) {
		t.Errorf("the zero gate: %+v, %v", d, err)
	}
}

// TestGateSchedule closes a gate on a day on which no look was planned, and spends alpha on
// the others.
func TestGateSchedule(t *testing.T) {
	var l logged
	c := gateConfig(&l)
	c.Categories[0].Audit.Looks.Days = []string{"2026-06-01", "2026-06-15"}
	r := fairness.Request{Campaign: "jobs", Category: fairness.Employment, Today: today, Tables: []*fairness.Table{table(t, 10, jobs(98))}}
	d, err := newGate(t, c).Check(t.Context(), r)
	if err != nil || d.Open || !slices.Equal(d.Causes, []fairness.Cause{{fairness.AuditUnscheduled, ""}}) {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestNewGate(t *testing.T) {
	for name, change := range map[string]func(c *fairness.GateConfig){
		"account":      func(c *fairness.GateConfig) { c.Account = "" },
		"no log":       func(c *fairness.GateConfig) { c.Log = nil },
		"one measure":  func(c *fairness.GateConfig) { c.Membership = c.Exposures },
		"no measure":   func(c *fairness.GateConfig) { c.Exposures = "" },
		"twice":        func(c *fairness.GateConfig) { c.Categories[1].Name = fairness.Employment },
		"unrestricted": func(c *fairness.GateConfig) { c.Categories[1].Name = fairness.Unrestricted },
		"no groups":    func(c *fairness.GateConfig) { c.Categories[0].Groups = nil },
		"group twice":  func(c *fairness.GateConfig) { c.Categories[0].Groups = []string{"men", "men"} },
		"no age":       func(c *fairness.GateConfig) { c.Categories[0].MaxAgeDays = 0 },
		"age":          func(c *fairness.GateConfig) { c.Categories[0].MaxAgeDays = 401 },
		"audit":        func(c *fairness.GateConfig) { c.Categories[0].Audit = fairness.Rule{} },
		"campaigns":    func(c *fairness.GateConfig) { c.Categories[0].Audit.Campaigns = []string{"jobs"} },
		"proxy":        func(c *fairness.GateConfig) { c.Categories[0].Proxy = fairness.ProxyRule{} },
		"segments":     func(c *fairness.GateConfig) { c.Categories[0].Proxy.Segments = []string{"music"} },
	} {
		c := gateConfig(&logged{})
		change(&c)
		if _, err := fairness.NewGate(c); !errors.Is(err, fairness.ErrGate) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What the gate was made with cannot be changed under it.
	var l logged
	c := gateConfig(&l)
	g := newGate(t, c)
	c.Categories[0].Forbidden[0], c.Categories[0].Groups[0] = "x", "x"
	d, err := g.Check(t.Context(), fairness.Request{Campaign: "jobs", Category: fairness.Employment, Uses: []string{"gender"}, Today: today})
	if err != nil || !slices.Contains(d.Causes, fairness.Cause{Reason: fairness.ForbiddenUse, Name: "gender"}) {
		t.Errorf("%+v, %v", d, err)
	}
}
