package ledger

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
)

// ErrPublished: something was declared under the name, and is something else.
var ErrPublished = errors.New("ledger: what was published under a name does not change: publish another version")

// Publication is something that is declared once and for all: its name and its
// canonical form.
type Publication struct {
	Name string // 1 to 64 characters of a-z, 0-9, dot, dash, underscore
	Spec []byte // not empty; its hash is logged
}

// publishedAtOnce bounds the entries of one append.
const publishedAtOnce = 256

// Publish logs, for each publication that is not in the log yet, that it is there
// from the day of now on, and returns those days, in order. Unlike what was
// declared with [Account.Declare], it never changes: another form under a name
// that is in the log is refused with [ErrPublished], and then nothing of the list
// is logged, unless it is longer than 256. A name that is given twice is refused
// with [ErrRequest].
func (a *Account) Publish(ctx context.Context, list []Publication, now time.Time) ([]contrib.Day, error) {
	day, ms, ok := dayOf(now)
	if !ok {
		return nil, ErrClockBack
	}
	seen := map[string]bool{}
	for i := range list {
		if !contrib.ValidName(list[i].Name) || len(list[i].Spec) == 0 || seen[list[i].Name] {
			return nil, ErrRequest
		}
		seen[list[i].Name] = true
	}
	days := make([]contrib.Day, 0, len(list))
	for some := range slices.Chunk(list, publishedAtOnce) {
		var got []contrib.Day
		err := a.do(ctx, 0, func(g *group) error {
			got = got[:0]         // it may be staged again
			var missing []*record // staged when nothing of the list can be refused any more
			for i := range some {
				sum := digest(sha256.Sum256(some[i].Spec))
				d, known := g.st.declared[some[i].Name]
				switch {
				case known && d.spec != sum:
					return ErrPublished
				case known:
					got = append(got, d.day)
					continue
				case day < g.st.first(g.st.window):
					return ErrClockBack
				}
				missing = append(missing, &record{Kind: kindDeclare, Time: ms, Declare: &declareRecord{some[i].Name, sum, date(day)}})
				got = append(got, day)
			}
			for _, r := range missing {
				if err := g.add(r, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		days = append(days, got...)
	}
	return days, nil
}
