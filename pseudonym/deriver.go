package pseudonym

import (
	"crypto/sha256"
	"encoding/binary"
	"io"
	"strings"
	"sync"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// SubjectPurpose is the reserved purpose that consent subjects are derived under.
const SubjectPurpose = "consent-subject"

// Deriver derives pseudonyms of one tenant for a fixed set of purposes, under the
// roots of one Keyring. It is immutable, lock-free and safe for concurrent use;
// [Live] exchanges one for another. It holds key material and shows a fixed text
// in every printer, logger and encoder.
type Deriver struct {
	_    [0]func() // not comparable
	open func() *contexts
}

// contexts are a Deriver's precomputed keys. They hide behind a function value,
// which no printer and no dumper looks into.
type contexts struct {
	write    *rootContexts  // roots[0]
	names    []string       // of the purposes
	byName   map[string]int // where a scan would take longer
	bounding *prf

	roots []*rootContexts // write, then read, then erase-only, each newest first
	read  int             // the first so many write or are read

	tenant, epoch string // as they enter the derivation
	*versions
	pool sync.Pool // of *[]message, where there are earlier versions
}

// rootContexts are the contexts under one root.
type rootContexts struct {
	keyID    uint32
	check    [8]byte
	subject  purposeKeys
	purposes []purposeKeys
}

// purposeKeys holds the pseudorandom functions of one purpose for each identifier
// type: of the current normaliser, and of its earlier versions.
type purposeKeys struct {
	current [kinds]*prf
	earlier [kinds][]*prf
}

// scanned is the most purposes that are looked up by comparing names.
const scanned = 8

// purpose returns the index of a purpose, or -1.
func (c *contexts) purpose(name string) int {
	if c.byName != nil {
		if i, ok := c.byName[name]; ok {
			return i
		}
		return -1
	}
	for i := range c.names {
		if c.names[i] == name {
			return i
		}
	}
	return -1
}

// NewDeriver precomputes the keys of tenant for the purposes and for consent
// subjects. Tenant and purposes are 1 to 64 characters of a-z, 0-9, dot, dash
// and underscore; [SubjectPurpose] is refused with [ErrPurpose]. It costs some
// 100 microseconds a purpose and root; make one and keep it.
func NewDeriver(k *Keyring, tenant string, purposes []string) (*Deriver, error) {
	return newDeriver(k, tenant, purposes, "", &normalisers)
}

// NewEpochDeriver is NewDeriver for one epoch, see [Epochs]: its IDs join with
// those of no other epoch and with none of NewDeriver's. Subjects are the same
// in every epoch, because a refusal outlives it.
func NewEpochDeriver(k *Keyring, tenant string, purposes []string, epoch uint64) (*Deriver, error) {
	return newDeriver(k, tenant, purposes, epochName(epoch), &normalisers)
}

// epochName is an epoch as it enters the derivation.
func epochName(epoch uint64) string { return string(binary.BigEndian.AppendUint64(nil, epoch)) }

func newDeriver(k *Keyring, tenant string, purposes []string, epoch string, v *versions) (*Deriver, error) {
	if _, err := k.secrets(); err != nil {
		return nil, err
	}
	if !contrib.ValidName(tenant) {
		return nil, ErrTenant
	}
	c := &contexts{tenant: strings.Clone(tenant), epoch: epoch, versions: v, names: make([]string, len(purposes))}
	for i, p := range purposes {
		if !contrib.ValidName(p) || p == SubjectPurpose {
			return nil, ErrPurpose
		}
		c.names[i] = strings.Clone(p)
	}
	if len(purposes) > scanned {
		c.byName = make(map[string]int, len(purposes))
		for i, p := range c.names {
			c.byName[p] = i
		}
	}
	return c.under(k)
}

// under derives the contexts of every root of k that is not destroyed, or takes
// them from c where it has them.
func (c *contexts) under(k *Keyring) (*Deriver, error) {
	s, err := k.secrets()
	if err != nil {
		return nil, err
	}
	next := &contexts{names: c.names, byName: c.byName, tenant: c.tenant, epoch: c.epoch, versions: c.versions}
	start := 0 // both are in one order, or nearly so
	known := func(check [8]byte) *rootContexts {
		for i := range c.roots {
			at := (start + i) % len(c.roots)
			if c.roots[at].check == check {
				start = at + 1
				return c.roots[at]
			}
		}
		return nil
	}
	next.roots = make([]*rootContexts, 0, len(s.roots))
	var erase []*rootContexts
	for _, r := range s.roots {
		if r.State == Destroyed {
			continue
		}
		made := known(r.Check)
		if made == nil {
			if made, err = c.derive(r); err != nil {
				return nil, err
			}
		}
		if r.State == EraseOnly {
			erase = append(erase, made)
		} else {
			next.roots = append(next.roots, made)
		}
	}
	next.write, next.read = next.roots[0], len(next.roots)
	next.roots = append(next.roots, erase...)
	bounding, err := expand(s.bounding, labelBounding, c.tenant)
	if err != nil {
		return nil, err
	}
	next.bounding = newPRF(bounding)
	clear(bounding[:])
	return &Deriver{open: func() *contexts { return next }}, nil
}

// derive makes the contexts under one root.
func (c *contexts) derive(r *root) (*rootContexts, error) {
	made := &rootContexts{keyID: r.ID, check: r.Check, purposes: make([]purposeKeys, len(c.names))}
	for i, p := range c.names {
		if err := c.context(&made.purposes[i], r, p, c.epoch); err != nil {
			return nil, err
		}
	}
	return made, c.context(&made.subject, r, SubjectPurpose, "")
}

func (c *contexts) context(dst *purposeKeys, r *root, purpose, epoch string) error {
	derive := func(idtype string) (*prf, error) {
		key, err := contextKey(r, c.tenant, purpose, idtype, epoch)
		if err != nil {
			return nil, err
		}
		defer clear(key[:])
		return newPRF(key), nil
	}
	for kind := range kinds {
		p, err := derive(c.current[kind])
		if err != nil {
			return err
		}
		dst.current[kind] = p
		for _, v := range c.earlier[kind] {
			if p, err = derive(v.idtype); err != nil {
				return err
			}
			dst.earlier[kind] = append(dst.earlier[kind], p)
		}
	}
	return nil
}

// ID derives the pseudonym of r for a purpose. It does not allocate for an
// ASCII e-mail address or any other identifier. Errors: [ErrAnonymous],
// [ErrPurpose], [ErrHashed], [ErrOpaque], [ErrDevice], [ErrDeviceZero],
// [ErrDigest], errors that wrap [ErrEmail] or [ErrPhone], and
// [ErrKeyring] for a Deriver that NewDeriver did not make.
func (d *Deriver) ID(r Raw, purpose string) (id ID, err error) {
	c, err := d.contexts()
	if err != nil {
		return ID{}, err
	}
	at := c.purpose(purpose)
	if at < 0 {
		return ID{}, ErrPurpose
	}
	var msg message
	kind, err := msg.set(r)
	if err != nil {
		return ID{}, err
	}
	c.write.id(&id, c.write.purposes[at].current[kind], &msg)
	return id, nil
}

// IDs derives the pseudonyms of many identifiers for a purpose into dst, which
// has room for all of them, and returns how many it wrote. It stops at the first
// one that is refused, so that raws[n] broke the rule that the error names, and
// does not allocate where [Deriver.ID] does not. A shorter dst is filled, with
// io.ErrShortBuffer. Split a list between goroutines to use several cores.
func (d *Deriver) IDs(dst []ID, raws []Raw, purpose string) (n int, err error) {
	c, err := d.contexts()
	if err != nil {
		return 0, err
	}
	at := c.purpose(purpose)
	if at < 0 {
		return 0, ErrPurpose
	}
	ctx := &c.write.purposes[at]
	var msg message
	for n = range raws {
		if n == len(dst) {
			return n, io.ErrShortBuffer
		}
		kind, err := msg.set(raws[n])
		if err != nil {
			return n, err
		}
		c.write.id(&dst[n], ctx.current[kind], &msg)
	}
	return len(raws), nil
}

// Subject derives the pseudonym of r that consent records are kept under. Its
// errors are those of [Deriver.ID].
func (d *Deriver) Subject(r Raw) (Subject, error) {
	c, err := d.contexts()
	if err != nil {
		return Subject{}, err
	}
	var msg message
	kind, err := msg.set(r)
	if err != nil {
		return Subject{}, err
	}
	var id ID
	c.write.id(&id, c.write.subject.current[kind], &msg)
	return ident.NewSubject(id), nil
}

// Link derives subject and pseudonym of r in one step, and the bounding salt
// that a profile row born now gets. Its errors are those of [Deriver.ID].
func (d *Deriver) Link(r Raw, purpose string) (Link, error) {
	c, err := d.contexts()
	if err != nil {
		return Link{}, err
	}
	at := c.purpose(purpose)
	if at < 0 {
		return Link{}, ErrPurpose
	}
	var msg message
	kind, err := msg.set(r)
	if err != nil {
		return Link{}, err
	}
	w := c.write
	var subject, id ID
	w.id(&subject, w.subject.current[kind], &msg)
	w.id(&id, w.purposes[at].current[kind], &msg)
	return c.link(subject, id, at, &msg), nil
}

// link binds subject and pseudonym, with the bounding salt of the pseudonym. It
// overwrites msg.
func (c *contexts) link(subject, id ID, purpose int, msg *message) Link {
	b := id.Bytes()
	msg.n, msg.end = copy(msg.b[:], b[:]), 0
	var sum [sha256.Size]byte
	c.bounding.sum(msg, &sum)
	return ident.NewLink(ident.NewSubject(subject), c.names[purpose], id, ident.Salt(sum[:16]))
}

// Engine says how HMAC-SHA-256 is computed: "saved-state", or "crypto/hmac"
// under FIPS mode and where the saved-state engine failed its self-check. Both
// give the same pseudonyms.
func (d *Deriver) Engine() string {
	c, err := d.contexts()
	if err != nil {
		return "none"
	}
	return c.bounding.name()
}

func (d *Deriver) contexts() (*contexts, error) {
	if d == nil || d.open == nil {
		return nil, ErrKeyring
	}
	return d.open(), nil
}

func (r *rootContexts) id(dst *ID, p *prf, msg *message) {
	var sum [sha256.Size]byte
	p.sum(msg, &sum)
	*dst = ident.NewID(r.keyID, (*[16]byte)(sum[:16]))
}
