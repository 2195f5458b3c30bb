package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/discreet-go/discreet/dp/accounting"
	"golang.org/x/mod/sumdb/note"
)

// Errors about checkpoints.
var (
	// ErrCheckpoint: it is no checkpoint, or not signed by a key that is known.
	ErrCheckpoint = errors.New("ledger: it is no checkpoint signed by a known key")

	// ErrRolledBack: the log is not what the last checkpoint in the sink was made
	// of, nor grew from it: an older copy was put back, or another store stands in
	// its place. Restore the newer one; or call Interrupt, which closes the
	// window, and open again.
	ErrRolledBack = errors.New("ledger: the log lacks records that the last checkpoint saw; restore the newer store, or close the window with Interrupt")

	// ErrSink: the checkpoint that covers an answer could not be written to the
	// sink, so the answer does not leave. It is stored: ask again.
	ErrSink = errors.New("ledger: no checkpoint could be written; the answer is stored, ask again")
)

// Checkpoint says how far a log reached. Signed, it is a note of
// golang.org/x/mod/sumdb/note; docs/formats-ledger.md has the text.
type Checkpoint struct {
	Account string    // id of the account
	Records uint64    // length of the log, at least 1
	Head    string    // hash of its last record, 64 hexadecimal digits
	Time    time.Time // latest time of a record, UTC, in milliseconds
	Given   Loss      // split off to other accounts
}

// Sink is a second place for checkpoints, away from the store: another folder,
// better another disk or machine. Implementations MUST be safe for concurrent
// use.
type Sink interface {
	// CheckpointWrite keeps a signed checkpoint: when it returns nil, it survives
	// a power cut. It MUST NOT keep signed.
	CheckpointWrite(ctx context.Context, signed []byte) error

	// CheckpointLast returns the checkpoint that was written last, or nil when
	// none ever was.
	CheckpointLast(ctx context.Context) ([]byte, error)
}

const (
	checkpointHead = "discreet-checkpoint/1"
	checkpointMax  = 4096 // bytes of a signed one
)

func (c Checkpoint) text() string {
	given := make([]string, 3)
	for i, u := range []accounting.Units{c.Given.Mu2, c.Given.Rho, c.Given.Delta} {
		text, _ := u.MarshalText() // never fails
		given[i] = string(text)
	}
	return fmt.Sprintf("%s\naccount %s\nrecords %d\nhead %s\ntime %d\ngiven %s\n",
		checkpointHead, c.Account, c.Records, c.Head, c.Time.UnixMilli(), strings.Join(given, " "))
}

// ReadCheckpoint reads a signed checkpoint. Verifiers are keys in
// x/mod/sumdb/note form, one of which must have signed it.
func ReadCheckpoint(signed []byte, verifiers ...string) (Checkpoint, error) {
	if len(signed) > checkpointMax {
		return Checkpoint{}, ErrCheckpoint
	}
	known := make([]note.Verifier, 0, len(verifiers))
	for _, text := range verifiers {
		v, err := note.NewVerifier(text)
		if err != nil {
			return Checkpoint{}, ErrCheckpoint
		}
		known = append(known, v)
	}
	n, err := note.Open(signed, note.VerifierList(known...))
	if err != nil {
		return Checkpoint{}, ErrCheckpoint
	}
	c, ok := parseCheckpoint(n.Text)
	if !ok {
		return Checkpoint{}, ErrCheckpoint
	}
	return c, nil
}

func parseCheckpoint(text string) (c Checkpoint, ok bool) {
	lines := strings.Split(text, "\n")
	if len(lines) != 7 {
		return Checkpoint{}, false
	}
	var values [5]string
	for i, name := range []string{"account ", "records ", "head ", "time ", "given "} {
		if values[i], ok = strings.CutPrefix(lines[i+1], name); !ok {
			return Checkpoint{}, false
		}
	}
	records, err1 := strconv.ParseUint(values[1], 10, 64)
	ms, err2 := strconv.ParseInt(values[3], 10, 64)
	head, err3 := hex.DecodeString(values[2])
	if errors.Join(err1, err2, err3) != nil || len(head) != len(digest{}) || !validID(values[0]) ||
		records == 0 || ms < 0 || ms/msPerDay > int64(dayMax) {
		return Checkpoint{}, false
	}
	given := strings.Split(values[4], " ")
	if len(given) != 3 {
		return Checkpoint{}, false
	}
	for i, u := range []*accounting.Units{&c.Given.Mu2, &c.Given.Rho, &c.Given.Delta} {
		if u.UnmarshalText([]byte(given[i])) != nil {
			return Checkpoint{}, false
		}
	}
	c = Checkpoint{Given: c.Given, Account: values[0], Records: records, Head: values[2], Time: time.UnixMilli(ms).UTC()}
	return c, c.text() == text
}

// checkpoint returns the state as a checkpoint.
func (s *state) checkpoint() Checkpoint {
	return Checkpoint{Account: s.account, Records: s.next, Head: s.head.String(), Time: time.UnixMilli(s.latest).UTC(), Given: s.given}
}

// Checkpoint returns a signed checkpoint of what this process knows of the log,
// for publishing. It returns ErrCheckpoint where Config has no signer.
func (a *Account) Checkpoint() (Checkpoint, []byte, error) {
	if a.failed.Load() {
		return Checkpoint{}, nil, ErrFailed
	}
	if a.signer == nil {
		return Checkpoint{}, nil, ErrCheckpoint
	}
	c := *a.mark.Load()
	signed, err := c.sign(a.signer)
	return c, signed, err
}

func (c Checkpoint) sign(signer note.Signer) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, signer)
	if err != nil {
		return nil, ErrCheckpoint
	}
	return signed, nil
}

// cover returns when a checkpoint that covers the record at seq is in the sink.
// Callers that wait share one.
func (a *Account) cover(ctx context.Context, seq uint64) error {
	if a.sink == nil {
		return nil
	}
	a.covering.Lock()
	defer a.covering.Unlock()
	if seq < a.covered {
		return nil
	}
	c, signed, err := a.Checkpoint()
	if err != nil {
		return err
	}
	if err := a.sink.CheckpointWrite(context.WithoutCancel(ctx), signed); err != nil {
		return fmt.Errorf("%w: %w", ErrSink, err)
	}
	a.covered = c.Records
	return nil
}

// compare holds the log, from its beginning, against the last checkpoint of the
// sink. It is called before the account is used.
type compare struct {
	last  *Checkpoint // nil for none
	found bool        // the record that it names is there
}

func (a *Account) lastCheckpoint(ctx context.Context, verifiers []string) (*compare, error) {
	if a.sink == nil {
		return &compare{found: true}, nil
	}
	signed, err := a.sink.CheckpointLast(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSink, err)
	}
	if signed == nil {
		return &compare{found: true}, nil
	}
	c, err := ReadCheckpoint(signed, verifiers...)
	if err != nil {
		return nil, err
	}
	return &compare{last: &c}, nil
}

// see is told of every record.
func (c *compare) see(r *record) {
	if c.last != nil && r.Seq == c.last.Records-1 && r.Hash.String() == c.last.Head {
		c.found = true
	}
}

// agrees reports whether the log is the one of the checkpoint, or was closed
// since: whatever it lacks was charged to windows that have nothing left.
func (c *compare) agrees(s *state) bool {
	return c.found || s.account == c.last.Account && s.closedAt >= c.last.Time.UnixMilli()
}

// keepGiven logs what the last checkpoint knew to be split off and the log does
// not, having been put back: the other accounts go on spending that.
func (a *Account) keepGiven(ctx context.Context, last *Checkpoint) error {
	if last == nil {
		return nil
	}
	return a.do(ctx, 0, func(g *group) error {
		if last.Given.within(g.st.given) {
			return nil
		}
		l := givenRecord(g.st.given.atLeast(last.Given))
		return g.add(&record{Kind: kindGiven, Time: g.st.latest, Given: &l}, nil)
	})
}
