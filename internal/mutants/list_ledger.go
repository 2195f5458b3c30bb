package mutants

const (
	ledgerTicket   = "dp/ledger/ticket.go"
	ledgerState    = "dp/ledger/state.go"
	ledgerAccount  = "dp/ledger/account.go"
	ledgerWindow   = "dp/ledger/window.go"
	ledgerTally    = "dp/ledger/tally.go"
	ledgerCalendar = "dp/ledger/calendar.go"
)

func ledgerMutants() []Mutant {
	return []Mutant{
		{
			Name:  "delta-not-charged",
			What:  "the delta of a threshold is written down and not added up",
			Cases: []string{"ledger-session"},
			Edits: []Edit{{
				ledgerTally,
				"		s.cells[cell] = old[i].plus(&added)\n",
				"		switch {\n		case mutant.On(\"delta-not-charged\"):\n			free := added\n			free.loss.Delta = accounting.Units{}\n			s.cells[cell] = old[i].plus(&free)\n		case mutant.On(\"charged-when-answered\"):\n		default:\n			s.cells[cell] = old[i].plus(&added)\n		}\n",
			}},
		},
		{
			Name:  "charged-when-answered",
			What:  "the charge counts when the answer is stored, so that a draw that fails is free",
			Cases: []string{"ledger-session"},
			Edits: []Edit{{
				ledgerState,
				"	s.answers++\n",
				"	s.answers++\n	if mutant.On(\"charged-when-answered\") {\n		s.cells[e.window] = s.cells[e.window].plus(&e.charge)\n	}\n",
			}},
		},
		{
			Name:  "delta-total-ignored",
			What:  "a charge is compared with mu^2 alone",
			Cases: []string{"ledger-session"},
			Edits: []Edit{{
				"dp/ledger/loss.go",
				"	return l.Mu2.Cmp(total.Mu2) <= 0 && l.Rho.Cmp(total.Rho) <= 0 && l.Delta.Cmp(total.Delta) <= 0",
				"	return l.Mu2.Cmp(total.Mu2) <= 0 && l.Rho.Cmp(total.Rho) <= 0 && (l.Delta.Cmp(total.Delta) <= 0 || mutant.On(\"delta-total-ignored\"))",
			}},
		},
		{
			Name:  "last-charge-overshoots",
			What:  "a charge fits while something is left, and not only if all of it is",
			Cases: []string{"ledger-session"},
			Edits: []Edit{{
				ledgerTally,
				"	case !sum.spent.add(c.loss).within(total):",
				"	case !sum.spent.add(c.loss).within(total) && !(mutant.On(\"last-charge-overshoots\") && sum.spent.Mu2.Cmp(total.Mu2) < 0):",
			}},
		},
		{
			Name:  "refund-on-failure",
			What:  "a draw that failed gives its charge back",
			Cases: []string{"ledger-protocol", "ledger-session"},
			Edits: []Edit{{
				ledgerTicket,
				"	t.end()\n	return nil\n",
				"	if mutant.On(\"refund-on-failure\") {\n		t.a.mu.Lock()\n		c := t.a.st.cells[t.e.window]\n		c.spent = c.spent.less(t.e.loss)\n		t.a.st.cells[t.e.window] = c\n		t.a.mu.Unlock()\n	}\n	t.end()\n	return nil\n",
			}},
		},
		{
			Name:  "charge-after-draw",
			What:  "the charge is kept in memory and written together with the answer",
			Cases: []string{"ledger-protocol"},
			Edits: []Edit{{
				"dp/ledger/commit.go",
				"	err := a.store.LedgerAppend(ctx, g.from, g.rows...)\n",
				"	var err error\n	if !mutant.On(\"charge-after-draw\") || g.from == 0 || g.rows[0].Blob != nil {\n		err = a.store.LedgerAppend(ctx, g.from, g.rows...)\n	}\n",
			}},
		},
		{
			Name:  "old-ticket-answers",
			What:  "a ticket that was taken over by a retry may still answer, so that two draws leave under one charge",
			Cases: []string{"ledger-protocol"},
			Edits: []Edit{
				{
					ledgerTicket,
					"	if t == nil || t.a == nil || t.ended.Load() {\n		return ErrTicket\n	}\n	if len(answer) == 0 {",
					"	if t == nil || t.a == nil || t.ended.Load() && !mutant.On(\"old-ticket-answers\") {\n		return ErrTicket\n	}\n	if len(answer) == 0 {",
				},
				{
					ledgerTicket,
					"	return e != nil && e.fence == t.e.fence && !t.ended.Load()",
					"	return e != nil && (mutant.On(\"old-ticket-answers\") || e.fence == t.e.fence && !t.ended.Load())",
				},
			},
		},
		{
			Name:  "specification-not-checked",
			What:  "a name asked again with another query returns or redraws under the old charge",
			Cases: []string{"ledger-protocol", "engine-release"},
			Edits: []Edit{{
				ledgerTicket,
				"	case e.spec != spec ||",
				"	case e.spec != spec && !mutant.On(\"specification-not-checked\") ||",
			}},
		},
		{
			Name:  "asked-again-draws-again",
			What:  "an answered name is drawn once more under its old charge",
			Cases: []string{"ledger-protocol", "engine-release"},
			Edits: []Edit{
				{
					ledgerTicket,
					"	case e.answer != 0:\n		return *e, nil",
					"	case e.answer != 0 && !mutant.On(\"asked-again-draws-again\"):\n		return *e, nil",
				},
				{
					ledgerTicket,
					"	if err == nil && e.answer == 0 {",
					"	if err == nil && (e.answer == 0 || mutant.On(\"asked-again-draws-again\")) {",
				},
				{
					ledgerState,
					"r.Answer.SHA256, r.Answer.Bytes\n	delete(s.open, e.seq)\n",
					"r.Answer.SHA256, r.Answer.Bytes\n	if !mutant.On(\"asked-again-draws-again\") {\n		delete(s.open, e.seq)\n	}\n",
				},
			},
		},
		{
			Name:  "two-drawers",
			What:  "two callers draw one entry at the same time, and both see noise",
			Cases: []string{"ledger-protocol"},
			Edits: []Edit{{
				ledgerTicket,
				"	if err != nil && !errors.Is(err, ErrHeld) {",
				"	if errors.Is(err, ErrHeld) && mutant.On(\"two-drawers\") {\n		give, err = func() {}, nil\n	}\n	if err != nil && !errors.Is(err, ErrHeld) {",
			}},
		},
		{
			Name:  "window-a-day-early",
			What:  "the last day of a window belongs to the next one",
			Cases: []string{"ledger-windows"},
			Edits: []Edit{{
				ledgerCalendar,
				"	e := c.on(d)\n",
				"	if mutant.On(\"window-a-day-early\") {\n		d++\n	}\n	e := c.on(d)\n",
			}},
		},
		{
			Name:  "per-day-for-per-window",
			What:  "the total is meant for a window and granted every day",
			Cases: []string{"ledger-windows", "ledger-session"},
			Edits: []Edit{{
				ledgerTally,
				"		sum, closed := s.span(window)\n		return s.over(&added,",
				"		sum, closed := s.span(window)\n		if mutant.On(\"per-day-for-per-window\") {\n			sum = tally{}\n			for _, e := range s.entries {\n				if e.asOf == asOf {\n					sum = sum.plus(&e.charge)\n				}\n			}\n		}\n		return s.over(&added,",
			}},
		},
		{
			Name:  "clock-back-reopens-a-window",
			What:  "a clock that was set back leads into a window that is over, with its budget",
			Cases: []string{"ledger-windows"},
			Edits: []Edit{{
				ledgerWindow,
				"	case index < current:\n",
				"	case index < current && !mutant.On(\"clock-back-reopens-a-window\"):\n",
			}},
		},
		{
			Name:  "jump-burns-windows",
			What:  "a clock far ahead is followed without a question",
			Cases: []string{"ledger-windows"},
			Edits: []Edit{{
				ledgerWindow,
				"	case index > current+c.ahead(current) && !far:\n",
				"	case index > current+c.ahead(current) && !far && !mutant.On(\"jump-burns-windows\"):\n",
			}},
		},
		{
			Name:  "reopening-forgets-charges",
			What:  "the spent budget lives in memory, so that a restart is a reset",
			Cases: []string{"ledger-windows"},
			Edits: []Edit{{
				ledgerAccount,
				"	a.name()\n	if err := a.cover",
				"	if mutant.On(\"reopening-forgets-charges\") {\n		clear(a.st.cells)\n	}\n	a.name()\n	if err := a.cover",
			}},
		},
		{
			Name:  "other-terms-accepted",
			What:  "an account opens under whatever totals the configuration says today",
			Cases: []string{"ledger-windows"},
			Edits: []Edit{{
				ledgerAccount,
				"	if !a.st.terms().Equal(t) &&",
				"	if !mutant.On(\"other-terms-accepted\") && !a.st.terms().Equal(t) &&",
			}},
		},
		{
			Name:  "void-drawn-again",
			What:  "a draw whose answer was lost is handed out again, so that an error path chooses between draws",
			Cases: []string{"ledger-resets"},
			Edits: []Edit{{
				ledgerTicket,
				"	if t.handed.Load() {\n		return t.Void(ctx)",
				"	if t.handed.Load() && !mutant.On(\"void-drawn-again\") {\n		return t.Void(ctx)",
			}},
		},
		{
			Name:  "rolling-a-day-short",
			What:  "seven days are counted from six days ago, today left out",
			Cases: []string{"ledger-kinds"},
			Edits: []Edit{{
				ledgerTally,
				"	from := window - t.span() + 1\n",
				"	from := window - t.span() + 1\n	if mutant.On(\"rolling-a-day-short\") {\n		from++\n	}\n",
			}},
		},
		{
			Name:  "first-day-read-for-free",
			What:  "a look-back of two days is charged to the last of them",
			Cases: []string{"ledger-kinds"},
			Edits: []Edit{{
				ledgerTally,
				"	list := make([]int32, 0, c.days)\n",
				"	list := make([]int32, 0, c.days)\n	if mutant.On(\"first-day-read-for-free\") {\n		return append(list, int32(c.asOf))\n	}\n",
			}},
		},
		{
			Name:  "quota-not-checked",
			What:  "quotas are added up and not compared",
			Cases: []string{"ledger-kinds"},
			Edits: []Edit{{
				ledgerTally,
				"; !spent.add(c.loss).within(limit) {",
				"; !spent.add(c.loss).within(limit) && !mutant.On(\"quota-not-checked\") {",
			}},
		},
		{
			Name:  "other-terms-at-once",
			What:  "new totals hold in the window in which they were asked for",
			Cases: []string{"ledger-resets"},
			Edits: []Edit{{
				"dp/ledger/amend.go",
				"	s.calendar = append(s.calendar[:n:n], era{from: r.From, first: s.first(r.From), terms: t})\n",
				"	at := era{from: r.From, first: s.first(r.From), terms: t}\n	if mutant.On(\"other-terms-at-once\") {\n		at.from, at.first = s.window, s.first(s.window)\n	}\n	s.calendar = append(s.calendar[:n:n], at)\n",
			}},
		},
		{
			Name:  "split-keeps-its-total",
			What:  "a second account is opened, and the first goes on with all it had",
			Cases: []string{"ledger-resets"},
			Edits: []Edit{{
				ledgerState,
				"		s.given = s.given.add(r.Split.loss())\n",
				"		if !mutant.On(\"split-keeps-its-total\") {\n			s.given = s.given.add(r.Split.loss())\n		}\n",
			}},
		},
		{
			Name:  "restored-log-goes-on",
			What:  "what an older log does not know of is free",
			Cases: []string{"ledger-resets"},
			Edits: []Edit{{
				ledgerState,
				"		s.closed, s.closedAt = r.Close.Through, max(at, r.Time)\n",
				"		s.closed, s.closedAt = r.Close.Through, max(at, r.Time)\n		if mutant.On(\"restored-log-goes-on\") {\n			s.closed = closed\n		}\n",
			}},
		},
		{
			Name:  "older-store-opens",
			What:  "checkpoints are written and never read",
			Cases: []string{"ledger-rolled-back"},
			Edits: []Edit{{
				ledgerAccount,
				"	case !against.agrees(a.st):\n",
				"	case !against.agrees(a.st) && !mutant.On(\"older-store-opens\"):\n",
			}},
		},
		{
			Name:  "restored-log-forgets-splits",
			What:  "a log that was put back has again what it gave to another account",
			Cases: []string{"ledger-rolled-back"},
			Edits: []Edit{{
				"dp/ledger/checkpoint.go",
				"		if last.Given.within(g.st.given) {\n",
				"		if last.Given.within(g.st.given) || mutant.On(\"restored-log-forgets-splits\") {\n",
			}},
		},
		{
			Name:  "answer-before-its-checkpoint",
			What:  "an answer leaves, and the checkpoint follows some time later",
			Cases: []string{"ledger-rolled-back"},
			Edits: []Edit{{
				ledgerTicket,
				"	return t.a.cover(ctx, stored)\n",
				"	if mutant.On(\"answer-before-its-checkpoint\") {\n		return nil\n	}\n	return t.a.cover(ctx, stored)\n",
			}},
		},
	}
}

func releaseMutants() []Mutant {
	return []Mutant{
		{
			Name:  "interval-around-truth",
			What:  "the interval is made of the exact count, which it then gives away",
			Cases: []string{"intervals"},
			Edits: []Edit{{
				"dp/draw.go",
				"	if err := t.addNoise(n); err != nil {\n		return nil, err\n	}\n	cells := noise.Reaching(t.values, t.least(n), t.maker(n))\n",
				"	maker := t.maker(n)\n	if mutant.On(\"interval-around-truth\") {\n		truth := append([]int64(nil), t.values...)\n		noisy := maker\n		maker = func(i int, v int64) Cell {\n			c := noisy(i, truth[i])\n			c.Value = v\n			return c\n		}\n	}\n	if err := t.addNoise(n); err != nil {\n		return nil, err\n	}\n	cells := noise.Reaching(t.values, t.least(n), maker)\n",
			}},
		},
		{
			Name:  "discovered-without-threshold",
			What:  "every key that was found is released, with noise on its count",
			Cases: []string{"loners"},
			Edits: []Edit{{
				"dp/draw.go",
				"	if t.frame.spec.Discovered {\n		return n.Threshold",
				"	if t.frame.spec.Discovered && !mutant.On(\"discovered-without-threshold\") {\n		return n.Threshold",
			}},
		},
		{
			Name:  "draw-without-charge",
			What:  "a draw trusts the parameters and does not ask for the proof of the charge",
			Cases: []string{"charge-proof"},
			Edits: []Edit{{
				"dp/draw.go",
				"	if !p.Charge.Is(p.charged()) {",
				"	if !p.Charge.Is(p.charged()) && !mutant.On(\"draw-without-charge\") {",
			}},
		},
		{
			Name:  "charge-used-twice",
			What:  "one charge serves two draws, whose mean has less noise",
			Cases: []string{"charge-proof"},
			Edits: []Edit{{
				"dp/draw.go",
				"	if !p.Charge.Take() {",
				"	if !p.Charge.Take() && !mutant.On(\"charge-used-twice\") {",
			}},
		},
		{
			Name:  "delta-left-out-of-the-proof",
			What:  "the proof of a charge compares mu^2 and takes delta from the caller",
			Cases: []string{"charge-proof"},
			Edits: []Edit{{
				"internal/proof/charge.go",
				"func (c Charge) Is(f ChargeFields) bool { return c.c != nil && c.c.fields == f }",
				"func (c Charge) Is(f ChargeFields) bool {\n	if c.c != nil && mutant.On(\"delta-left-out-of-the-proof\") {\n		f.Delta = c.c.fields.Delta\n	}\n	return c.c != nil && c.c.fields == f\n}",
			}},
		},
		{
			Name:  "more-than-the-window",
			What:  "a single release may cost more than the promise of its window",
			Cases: []string{"charge-proof"},
			Edits: []Edit{{
				"dp/draw.go",
				"	if p.Mu2.Cmp(total) > 0 {",
				"	if p.Mu2.Cmp(total) > 0 && !mutant.On(\"more-than-the-window\") {",
			}},
		},
		{
			Name:  "person-in-two-shards",
			What:  "a row that two shards hold is counted in both",
			Cases: []string{"engine-count"},
			Edits: []Edit{{
				"countpeople.go",
				"				if person = next; ok && !yield(&person, nil) {",
				"				if person = next; ok && mutant.On(\"person-in-two-shards\") && !yield(&person, nil) {\n					stop()\n					return\n				}\n				if ok && !yield(&person, nil) {",
			}},
		},
		{
			Name:  "answer-leaves-unstored",
			What:  "the table is returned although its answer was not stored, and may be drawn again",
			Cases: []string{"engine-order"},
			Edits: []Edit{{
				"release.go",
				"	if err := ticket.Answer(context.WithoutCancel(ctx), r.Note()); err != nil {",
				"	if err := ticket.Answer(context.WithoutCancel(ctx), r.Note()); err != nil && !mutant.On(\"answer-leaves-unstored\") {",
			}},
		},
		{
			Name:  "share-left-out-of-the-specification",
			What:  "a name stands for a measure, whatever share is spent on it",
			Cases: []string{"engine-release"},
			Edits: []Edit{{
				"release.go",
				"	spec := &room.specs[index]\n	if _, err := e.plan.Predict(",
				"	spec := &room.specs[index]\n	if mutant.On(\"share-left-out-of-the-specification\") {\n		mu2, delta, err = e.plan.Charge(q.Measure, spec.ShareNano)\n		share = spec.ShareNano\n	}\n	if _, err := e.plan.Predict(",
			}},
		},
	}
}
