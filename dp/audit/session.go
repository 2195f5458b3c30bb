package audit

import (
	"context"
	"errors"
	"fmt"
)

// ErrSession is returned where a session or an analyst lacks a part.
var ErrSession = errors.New("audit: a session needs Open, an analyst, and Ask")

// Answer is what an analyst sees of one question: numbers, or a refusal.
type Answer struct {
	Numbers []float64
	Refused bool
}

// Session is an account with its data, opened afresh: an empty ledger, the
// same budget, one of the two inputs.
type Session[Q any] struct {
	// Ask asks one question. A refusal, as for want of budget, is an Answer; an
	// error stops the audit.
	Ask func(ctx context.Context, q Q) (Answer, error)
	// Close, if set, is called when the analyst is done.
	Close func() error
}

// Analyst chooses questions from the answers so far. A new one serves each session.
type Analyst[Q any] interface {
	// Next returns the next question, or false when there is none.
	Next() (q Q, more bool)
	// Learn takes the answer to the question of the last Next.
	Learn(a Answer)
	// Seen returns what the analyst knows at the end, always as many numbers.
	Seen() []float64
}

// Sessions is an audit of whole sessions: everything that one account releases
// to somebody who chooses each question from earlier answers, against what the
// account claims for all of it together.
type Sessions[Q any] struct {
	// Open opens a session with the person or without. It must share nothing
	// with other sessions.
	Open func(ctx context.Context, withPerson bool) (Session[Q], error)
	// Analyst makes the analyst of one session.
	Analyst func() Analyst[Q]
	// MaxQuestions ends a session; 0 means 10,000.
	MaxQuestions int
}

// Samples returns the two samples that Run audits. One run is one session.
func (s Sessions[Q]) Samples() (with, without Sample) {
	return s.sample(true), s.sample(false)
}

func (s Sessions[Q]) sample(person bool) Sample {
	return func(ctx context.Context) (seen []float64, err error) {
		if s.Open == nil || s.Analyst == nil {
			return nil, ErrSession
		}
		session, err := s.Open(ctx, person)
		if err != nil {
			return nil, fmt.Errorf("audit: open a session: %w", err)
		}
		if session.Close != nil {
			defer func() {
				if e := session.Close(); e != nil && err == nil {
					seen, err = nil, fmt.Errorf("audit: close a session: %w", e)
				}
			}()
		}
		analyst := s.Analyst()
		if session.Ask == nil || analyst == nil {
			return nil, ErrSession
		}
		most := s.MaxQuestions
		if most <= 0 {
			most = 10_000
		}
		for range most {
			q, more := analyst.Next()
			if !more {
				break
			}
			a, err := session.Ask(ctx, q)
			if err != nil {
				return nil, fmt.Errorf("audit: ask: %w", err)
			}
			analyst.Learn(a)
		}
		return analyst.Seen(), nil
	}
}
