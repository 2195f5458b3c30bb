package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/boltstore"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/plan"
	"github.com/discreet-go/discreet/fairness"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

// What is audited: the campaign, on each page and as a whole, and two segments.
const (
	job      = "job"
	fans     = "segment/sports-readers"
	early    = "segment/early-birds"
	reach    = "reach"   // the measure of the campaign
	members  = "members" // the measure of the segments
	keepDays = 28        // after which what was recorded is forgotten
)

var (
	errPeople = errors.New("-people is from 1,000 to 200,000")
	auditor   = discreet.Actor{ID: "fairness-audit", Reason: "does the job campaign leave anybody out?"}
	pages     = []string{sports, news, health}
)

var notice = consent.Notice{
	ID: "fair-offers", Version: 1, Locale: "en",
	Title: "Help us to treat everybody alike",
	Text: "We keep the sex you state, and which offers and groups of readers you were in, under a pseudonym, " +
		"to see whether our offers leave anybody out. Nothing else is done with it.",
	Purposes:      []consent.Purpose{{Key: discreet.AuditPurpose, Title: "Checks of fairness"}},
	Categories:    []string{"sex, as you state it", "offers you were or were not shown"},
	Withdrawal:    "Settings, Privacy, one tap.",
	RetentionDays: keepDays,
	ConsentDays:   365,
}

// service is an engine, its files, and its clock, which follows the story.
type service struct {
	*discreet.Engine
	store *boltstore.Store
	plan  *plan.Schedule // what is released in a window
	dir   string
	out   io.Writer
	now   atomic.Int64 // seconds
}

func (s *service) clock() time.Time       { return time.Unix(s.now.Load(), 0).UTC() }
func (s *service) set(t time.Time)        { s.now.Store(t.Unix()) }
func (s *service) say(f string, a ...any) { fmt.Fprintf(s.out, f, a...) }
func (s *service) close() error           { return errors.Join(s.Engine.Close(), s.store.Close()) }

// schedule plans a window before anything is known: the table of the campaign is exact to
// 10 % at 140 people, because a plan of correction is made from small cells of it.
func schedule() (*plan.Schedule, error) {
	groups := dp.Public{"men", "women"}
	return plan.Allocate(plan.Period{
		Budget: dp.Budget{Epsilon: 2, Delta: 1e-6, WindowDays: 30},
		Lines: []plan.Line{
			{Times: 1, Target: plan.Target{Relative: 0.1, At: 140}, Measure: dp.Groups{
				Name: reach, Purpose: discreet.AuditPurpose, Attribute: "sex", Groups: groups,
				Campaigns: append(dp.Public{job}, pages...), MaxCampaigns: 4,
			}},
			{Times: 1, Target: plan.Target{Relative: 0.1, At: 200}, Measure: dp.Groups{
				Name: members, Purpose: discreet.AuditPurpose, Attribute: "sex", Groups: groups,
				Campaigns: dp.Public{fans, early}, MaxCampaigns: 2,
			}},
		},
	})
}

// open opens the service in an empty folder.
func open(ctx context.Context, dir string, start time.Time, out io.Writer) (*service, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	keys, err := pseudonym.CreateKeyFile(filepath.Join(dir, "keys"))
	if err != nil {
		return nil, err
	}
	s := &service{dir: dir, out: out}
	s.set(start)
	if s.plan, err = schedule(); err != nil {
		return nil, err
	}
	if s.store, err = boltstore.Open(filepath.Join(dir, "store.db"), boltstore.Options{}); err != nil {
		return nil, err
	}
	s.Engine, err = discreet.Open(ctx, discreet.Config{
		Tenant: "jobs", Keys: keys, Store: s.store, Taxonomy: segment.Small(), TTLDays: keepDays, Now: s.clock,
		Notices: []consent.Notice{notice},
		Audit: &discreet.Audit{
			Attributes: []discreet.AuditAttribute{{Name: "sex", Values: []string{"men", "women"}}},
			Campaigns:  append([]string{job, fans, early}, pages...),
		},
		Measures: s.plan.Measures(), Budget: s.plan.Plan().Budget(),
	})
	if err != nil {
		return nil, errors.Join(err, s.store.Close())
	}
	return s, nil
}

// ask asks everybody, and records what they answer.
func (s *service) ask(ctx context.Context, people []person) error {
	var answers []discreet.Chosen
	for i := range people {
		c := discreet.Choice{Notice: notice.ID, Version: 1, Locale: "en", Method: "account"}
		if people[i].agrees {
			c.Grant = []string{discreet.AuditPurpose}
		} else {
			c.Refuse = []string{discreet.AuditPurpose}
		}
		answers = append(answers, discreet.Chosen{Who: people[i].raw(), Choice: c})
		if len(answers) == 8192 || i == len(people)-1 {
			if err := s.ChooseBatch(ctx, answers); err != nil {
				return err
			}
			answers = answers[:0]
		}
	}
	return nil
}

// trialDays is how long a trial lasts.
const trialDays = 14

// served is what a trial came to, as the service may know it.
type served struct{ shown, recorded, refused int }

// trial serves the campaign for two weeks and records, at sight, what was decided, of
// all people alike: of who did not agree the engine takes nothing. The delivery is asked
// with the visit alone.
func (s *service) trial(ctx context.Context, people []person, d delivery, first time.Time) (served, error) {
	var sum served
	for day := range trialDays {
		s.set(first.AddDate(0, 0, day).Add(12 * time.Hour))
		if _, err := s.Sweep(ctx); err != nil { // once a day, what is over goes
			return served{}, err
		}
		for i := day; i < len(people); i += 2048 * trialDays {
			var b discreet.AuditBatch
			for k := i; k < min(len(people), i+2048*trialDays); k += trialDays {
				sum.shown += s.serve(&b, &people[k], d)
			}
			t, err := s.RecordAudits(ctx, b)
			if err != nil {
				return served{}, err
			}
			sum.recorded += t.Events
			for _, n := range t.Denied {
				sum.refused += n
			}
		}
	}
	return sum, nil
}

// serve decides about one person's visits, adds them to what is recorded, and returns
// how many were shown the campaign.
func (s *service) serve(b *discreet.AuditBatch, p *person, d delivery) (shown int) {
	who, now := p.raw(), s.clock()
	note := func(campaign string, reached bool) {
		b.Exposures = append(b.Exposures, discreet.ExposureEvent{Who: who, Campaign: campaign, Reached: reached, Time: now})
	}
	if p.sex != "" { // the account page asks; who was asked long ago is asked again
		b.Attributes = append(b.Attributes, discreet.AttributeEvent{Who: who, Attribute: "sex", Value: p.sex, Time: now})
	}
	for _, v := range p.visits {
		yes := d.shows(v)
		note(v.page, yes)
		if yes {
			shown++
		}
	}
	if len(p.visits) > 0 {
		note(job, shown > 0)
	}
	note(fans, p.visited(sports))
	note(early, p.early)
	return shown
}

// table releases a measure with the share that was planned for it, keeps the signed
// note in a file, and reads it as an audit does.
func (s *service) table(ctx context.Context, name, measure string) (dp.Release, *fairness.Table, error) {
	share, err := s.plan.Share(measure)
	if err != nil {
		return dp.Release{}, nil, err
	}
	r, err := s.Release(ctx, discreet.Query{Name: name, Measure: measure, Share: share}, auditor)
	if err != nil {
		return dp.Release{}, nil, err
	}
	if err := write(filepath.Join(s.dir, name+".note"), r.Note()); err != nil {
		return dp.Release{}, nil, err
	}
	t, err := fairness.Read(r)
	return r, t, err
}
