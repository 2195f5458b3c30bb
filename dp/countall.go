package dp

import (
	"context"
	"iter"
	"math"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/parallel"
)

// CountAll is [Count] of people who come in several shares, each counted by a goroutine
// of its own, and the sums added up: the same Counts as of all people in one. Nobody
// may be in two shares, or twice in one; who is contributes more than the bounds say.
// The first error ends the count: the other shares are left as soon as they have
// yielded once more, so each must come to its end. Memory is that of Count for each share.
func CountAll(ctx context.Context, spec *contrib.Spec, window int32, asOf contrib.Day, shares []iter.Seq2[*contrib.Person, error]) (*Counts, error) {
	if err := checkSpec(spec); err != nil {
		return nil, err
	}
	if len(shares) == 0 {
		return nil, ErrPeople
	}
	for _, people := range shares {
		if people == nil {
			return nil, ErrPeople
		}
	}
	f := &frame{spec: *spec, window: window, asOf: asOf}
	sums := make([]adder, len(shares))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err := parallel.Do(ctx, parallel.Size{Tasks: len(shares), Workers: len(shares)}, func(_, i int) error {
		sums[i] = newAdder(&f.spec)
		err := sumUp(ctx, f, sums[i], shares[i])
		if err != nil {
			cancel(err)
		}
		return err
	})
	if err != nil {
		return nil, context.Cause(ctx)
	}
	for _, other := range sums[1:] {
		if err := sums[0].merge(other); err != nil {
			return nil, err
		}
	}
	return seal(sums[0].tally(f)), nil
}

// merge adds the sums of other people.
func (d *dense) merge(other adder) error {
	for i, v := range other.(*dense).values {
		if v == 0 {
			continue
		}
		if err := addTo(&d.values[i], v); err != nil {
			return err
		}
	}
	return nil
}

// merge adds the sums of other people.
func (s *sparse) merge(other adder) error {
	o := other.(*sparse)
	for at, v := range o.sums {
		err := s.add(contrib.Cell{Row: int(at >> 32), Item: o.names[at&math.MaxUint32], Value: v})
		if err != nil {
			return err
		}
	}
	return nil
}
