package dp

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
	"github.com/discreet-go/discreet/internal/proof"
)

// Errors of bounding. None says which contribution it was.
var (
	ErrTable   = errors.New("dp: contributions are bounded for a Table; other measures are counted from profiles")
	ErrLink    = errors.New("dp: a contribution without a Link")
	ErrGrant   = errors.New("dp: a contribution without a Grant")
	ErrOld     = errors.New("dp: a Grant that was decided before the as-of day; ask for each person again, in this job")
	ErrSubject = errors.New("dp: Link and Grant of a contribution are of two people")
	ErrPurpose = errors.New("dp: Link or Grant of a contribution is for another purpose than the table")
	ErrRoots   = errors.New("dp: contributions came under two roots, keyrings or epochs: somebody would count twice")
	ErrShard   = errors.New("dp: a person of another shard, or counts that are not each shard once")
	ErrAsOf    = errors.New("dp: the window is negative, or the as-of day is none")
	ErrMemory  = errors.New("dp: contributions do not fit into Memory: it is too little for Workers, or there is no Dir, or there are too many partitions")
	ErrSpill   = errors.New("dp: contributions could not be written to Dir, or read back")
)

// What a contribution proves.
type (
	// Link proves that a consent subject and a pseudonym are of one person.
	Link = ident.Link
	// Grant proves that a person's consent to a purpose was decided.
	Grant = proof.Grant
)

// Contribution is something of one person in one partition, for a [Table]. There may
// be several of a person, also in one partition, in any order.
type Contribution struct {
	Link      Link      // for the purpose of the table
	Grant     Grant     // of the person of Link, for that purpose, decided on the as-of day or later
	Partition string    // 1 to 128 bytes of printable text
	Value     int64     // as the table counts: see CountedPeople, CountedEvents, CountedAmounts
	Time      time.Time // when it happened; the Grant must cover it then. Optional
}

// Shard names a part of the people: those whose [ShardOf] is Index. The zero Shard is
// everybody, as {0, 1}.
type Shard struct {
	Index int // from 0
	Of    int // how many there are, 1 to 65536
}

const maxShards = 1 << 16

// whole returns the shard with the zero value spelled out.
func (s Shard) whole() (Shard, error) {
	if s == (Shard{}) {
		s.Of = 1
	}
	if s.Of < 1 || s.Of > maxShards || s.Index < 0 || s.Index >= s.Of {
		return Shard{}, ErrShard
	}
	return s, nil
}

// ShardOf returns the shard, of so many, that a person's contributions belong to: the
// same for all of them, under one root. It is a function of the consent subject, which
// is keyed, so nobody without the key can choose it. It returns 0 for a zero Link and for fewer
// than 2 shards.
func ShardOf(l Link, of int) int {
	if l.IsZero() || of < 2 {
		return 0
	}
	id := l.Subject().ID().Bytes()
	b := make([]byte, 0, 64)
	b = append(b, "shard/0"...)
	b = append(b, id[:]...)
	sum := sha256.Sum256(b)
	return int(binary.BigEndian.Uint64(sum[:]) % uint64(of))
}

// A gate lets the contributions in that may count.
type gate struct {
	spec  *Spec
	shard Shard
	start time.Time // of the as-of day
	end   time.Time // its last moment
	root  uint32    // of all pseudonyms; 0 before the first
}

func newGate(f *frame) gate {
	start := int64(f.asOf) * 86400
	return gate{spec: &f.spec, shard: f.from.shard, start: time.Unix(start, 0), end: time.Unix(start+86399, 999_999_999)}
}

// admit reports whether a contribution counts. What its proofs do not fit is an
// error; what consent does not cover, or the table does not take, is not counted.
func (g *gate) admit(c *Contribution) (bool, error) {
	switch {
	case c.Link.IsZero():
		return false, ErrLink
	case c.Grant.IsZero():
		return false, ErrGrant
	case c.Link.Subject() != c.Grant.Subject():
		return false, ErrSubject
	case c.Link.Purpose() != g.spec.Purpose || c.Grant.Purpose() != g.spec.Purpose:
		return false, ErrPurpose
	}
	if c.Grant.Decided().Before(g.start) {
		return false, ErrOld // whoever took consent back since would count
	}
	root := c.Link.Subject().ID().KeyID()
	if g.root == 0 {
		g.root = root
	}
	if root != g.root {
		return false, ErrRoots
	}
	if g.shard.Of > 1 && ShardOf(c.Link, g.shard.Of) != g.shard.Index {
		return false, ErrShard
	}
	if !c.Grant.Covers(g.end) || !c.Time.IsZero() && (!c.Grant.Covers(c.Time) || c.Time.After(g.end)) {
		return false, nil
	}
	return contrib.ValidKey(c.Partition) && g.spec.Takes(c.Value), nil
}
