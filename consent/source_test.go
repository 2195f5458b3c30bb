package consent_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/internal/ident"
)

type lookup func(context.Context, consent.Raw, string) (consent.Answer, error)

func (f lookup) Lookup(ctx context.Context, who consent.Raw, purpose string) (consent.Answer, error) {
	return f(ctx, who, purpose)
}

func TestConsult(t *testing.T) {
	who := ident.NewRaw(ident.KindOpaque, "customer 7")
	yes := consent.Answer{State: consent.Allowed, Since: t0}
	always := func(a consent.Answer, err error) lookup {
		return func(context.Context, consent.Raw, string) (consent.Answer, error) { return a, err }
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	failed := consent.SourceAnswer{Asked: true, Failed: true}
	for name, c := range map[string]struct {
		ctx    context.Context
		source consent.Source
		want   consent.SourceAnswer
	}{
		"none":            {context.Background(), nil, consent.SourceAnswer{}},
		"yes":             {context.Background(), always(yes, nil), consent.SourceAnswer{Asked: true, Answer: yes}},
		"unknown":         {context.Background(), always(consent.Answer{}, nil), consent.SourceAnswer{Asked: true}},
		"error with yes":  {context.Background(), always(yes, errors.New("down")), failed},
		"already ended":   {ended, always(yes, nil), failed},
		"no beginning":    {context.Background(), always(consent.Answer{State: consent.Allowed}, nil), failed},
		"ends at once":    {context.Background(), always(consent.Answer{State: consent.Allowed, Since: t0, Until: t0}, nil), failed},
		"before 1970":     {context.Background(), always(consent.Answer{State: consent.Allowed, Since: time.Unix(-5, 0)}, nil), failed},
		"state of future": {context.Background(), always(consent.Answer{State: 3}, nil), failed},
	} {
		if got := consent.Consult(c.ctx, c.source, who, content); got != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}

	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	late := lookup(func(ctx context.Context, raw consent.Raw, purpose string) (consent.Answer, error) {
		if raw.Expose() != "customer 7" || purpose != content {
			t.Error("the Source is asked about something else")
		}
		<-ctx.Done()
		return yes, nil
	})
	if got := consent.Consult(ctx, late, who, content); got != failed {
		t.Errorf("late: %+v", got)
	}
}
