package ledger

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// ErrNotFound: no release with these bytes was ever answered.
var ErrNotFound = errors.New("ledger: no release with these bytes is in the log")

// checkpointLine ends an export and a public view.
type checkpointLine struct {
	Checkpoint string `json:"checkpoint"`
}

// Export writes the log as JSON Lines: every record as it is stored, from one
// snapshot, and where there is a signer a last line with a signed checkpoint of
// them. [Check] reads it without store or keys. Stored answers are not in it.
func (a *Account) Export(ctx context.Context, w io.Writer) error {
	return a.lines(ctx, w, func(r *record, line []byte) ([]byte, error) { return line, nil })
}

// lines writes what f makes of every record, nil for nothing, and a checkpoint.
func (a *Account) lines(ctx context.Context, w io.Writer, f func(r *record, line []byte) ([]byte, error)) error {
	out := bufio.NewWriter(w)
	st := newState()
	err := a.store.LedgerRead(ctx, 0, func(seq uint64, line []byte) error {
		r, err := st.replay(seq, line)
		if err != nil {
			return err
		}
		made, err := f(r, line)
		if err != nil || made == nil {
			return err
		}
		out.Write(made) // errors stay until Flush
		return out.WriteByte('\n')
	})
	if err != nil {
		return err
	}
	if a.signer != nil && st.next > 0 {
		signed, err := st.checkpoint().sign(a.signer)
		if err != nil {
			return err
		}
		line, err := json.Marshal(checkpointLine{string(signed)})
		if err != nil {
			return err
		}
		out.Write(append(line, '\n'))
	}
	return out.Flush()
}

// Check reads what [Account.Export] wrote and holds it to every rule of the log:
// hashes, order, sums, terms. With verifiers, the last line must be a checkpoint
// of these records that one of them signed; without, a checkpoint is not looked
// at. It returns a *BrokenError that names the first broken entry, or
// ErrCheckpoint.
func Check(ctx context.Context, export []byte, verifiers ...string) (Report, error) {
	st := newState()
	signed, err := replayAll(ctx, export, st, func(*record) {})
	if err != nil {
		return Report{}, err
	}
	if st.next == 0 {
		return Report{}, ErrEmpty
	}
	if len(verifiers) > 0 {
		c, err := ReadCheckpoint([]byte(signed), verifiers...)
		if err != nil || c != st.checkpoint() {
			return Report{}, ErrCheckpoint
		}
	}
	return st.report(), nil
}

// replayAll replays an export and returns the checkpoint at its end.
func replayAll(ctx context.Context, export []byte, st *state, see func(*record)) (signed string, err error) {
	for line := range bytes.Lines(export) {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		if signed != "" {
			return "", &BrokenError{st.next, "it stands behind the checkpoint"}
		}
		line = bytes.TrimSuffix(line, []byte("\n"))
		var last checkpointLine
		if bytes.HasPrefix(line, []byte(`{"checkpoint":`)) && json.Unmarshal(line, &last) == nil && last.Checkpoint != "" {
			signed = last.Checkpoint
			continue
		}
		rec, err := st.replay(st.next, line)
		if err != nil {
			return "", err
		}
		see(rec)
	}
	return signed, nil
}

// publicLine is a line of the public view.
type publicLine struct {
	Entry    uint64           `json:"entry"`            // position in the log
	Kind     string           `json:"kind"`             // as in the log
	Day      string           `json:"day"`              // of the call
	Of       *uint64          `json:"of,omitempty"`     // the charge that a retry, an answer or a void belongs to
	Window   *int32           `json:"window,omitempty"` // charged, or crossed into
	Name     string           `json:"name,omitempty"`   // of the release, or of the measure declared
	Mu2      accounting.Units `json:"mu2,omitzero"`
	Rho      accounting.Units `json:"rho,omitzero"`
	Delta    accounting.Units `json:"delta,omitzero"`
	Quotas   []string         `json:"quotas,omitempty"`
	Planned  string           `json:"planned,omitempty"`
	Days     int              `json:"days,omitempty"`  // look-back
	AsOf     string           `json:"as_of,omitempty"` // last day that counts
	Released string           `json:"released,omitempty"`
	Terms    *termsPart       `json:"terms,omitempty"`
	Account  string           `json:"account,omitempty"` // opened, or split off
	Hash     string           `json:"hash"`              // of the record
}

// Public writes the values-free view of the log, which may be published: a line
// for each record with what was charged, when (to the day), under which name and
// terms, and the hash of each released note, then a signed checkpoint where there
// is a signer. It holds no counts, no answers nor their sizes, no specification
// and no time of day. All of it follows from declared parameters and from which
// releases were asked for, but for the hashes of notes, which are
// post-processing of released noise; a note holds a signature, so a hash does not
// let anybody try out tables.
func (a *Account) Public(ctx context.Context, w io.Writer) error {
	return a.lines(ctx, w, func(r *record, _ []byte) ([]byte, error) { return json.Marshal(publicOf(r)) })
}

func publicOf(r *record) publicLine {
	day := func(d date) string { return startOf(contrib.Day(d)).Format(time.DateOnly) }
	p := publicLine{Entry: r.Seq, Kind: r.Kind, Day: day(date(r.Time / msPerDay)), Hash: r.Hash.String()}
	switch {
	case r.Open != nil:
		p.Account, p.Terms = r.Open.Population, &r.Open.termsPart
		if r.Open.Parent != nil {
			p.Account = r.Open.Account
		}
	case r.Window != nil:
		p.Window = &r.Window.To
	case r.Declare != nil:
		p.Name = r.Declare.Name
	case r.Reserve != nil:
		v := r.Reserve
		p.Window, p.Name, p.AsOf, p.Days, p.Quotas, p.Planned = &v.Window, v.Name, day(v.AsOf), v.Days, v.Quotas, v.Planned
		p.Mu2, p.Rho, p.Delta = v.Mu2, v.Rho, v.Delta
	case r.Retry != nil:
		p.Of = &r.Retry.Entry
	case r.Void != nil:
		p.Of = &r.Void.Entry
	case r.Answer != nil:
		p.Of, p.Released = &r.Answer.Entry, r.Answer.SHA256.String()
	case r.Terms != nil:
		p.Window, p.Terms = &r.Terms.From, &r.Terms.termsPart
	case r.Split != nil:
		p.Account, p.Mu2, p.Rho, p.Delta = r.Split.Account, r.Split.Mu2, r.Split.Rho, r.Split.Delta
	case r.Close != nil:
		p.Window = &r.Close.Through
	case r.Given != nil:
		p.Mu2, p.Rho, p.Delta = r.Given.Mu2, r.Given.Rho, r.Given.Delta
	}
	return p
}

// Found ties a released table to its charge.
type Found struct {
	Entry   uint64 // position of the charge
	Window  int32
	Name    string
	Loss    Loss // as charged
	AsOf    contrib.Day
	Charged time.Time // to the millisecond, as logged
	Answer  uint64    // position of the answer
}

// Find returns the charge that the bytes of a release, its signed note as it was
// published, were paid with; or ErrNotFound. Cost: one pass over the log.
func (a *Account) Find(ctx context.Context, release []byte) (Found, error) {
	f := newFinder(release)
	st := newState()
	err := a.store.LedgerRead(ctx, 0, func(seq uint64, line []byte) error {
		r, err := st.replay(seq, line)
		if err != nil {
			return err
		}
		f.see(r)
		return nil
	})
	return f.result(err)
}

// FindIn is Find over what [Account.Export] wrote, which it checks on the way,
// as [Check] does without verifiers.
func FindIn(ctx context.Context, export, release []byte) (Found, error) {
	f := newFinder(release)
	_, err := replayAll(ctx, export, newState(), f.see)
	return f.result(err)
}

// finder looks for an answer and remembers charges that have none yet.
type finder struct {
	sum   digest
	open  map[uint64]Found
	found *Found
}

func newFinder(release []byte) *finder {
	return &finder{sum: sha256.Sum256(release), open: map[uint64]Found{}}
}

func (f *finder) see(r *record) {
	switch {
	case r.Reserve != nil:
		c := r.Reserve.charge()
		f.open[r.Seq] = Found{
			Entry: r.Seq, Window: r.Reserve.Window, Name: r.Reserve.Name, Loss: c.loss, AsOf: c.asOf, Charged: time.UnixMilli(r.Time).UTC(),
		}
	case r.Answer != nil:
		if r.Answer.SHA256 == f.sum && f.found == nil {
			found := f.open[r.Answer.Entry]
			found.Answer = r.Seq
			f.found = &found
		}
		delete(f.open, r.Answer.Entry)
	}
}

func (f *finder) result(err error) (Found, error) {
	switch {
	case err != nil:
		return Found{}, err
	case f.found == nil:
		return Found{}, ErrNotFound
	}
	return *f.found, nil
}
