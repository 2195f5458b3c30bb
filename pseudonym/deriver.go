package pseudonym

import (
	"crypto/sha256"
	"io"
	"strings"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// SubjectPurpose is the reserved purpose that consent subjects are derived under.
const SubjectPurpose = "consent-subject"

// Deriver derives pseudonyms of one tenant for a fixed set of purposes. It is
// immutable, lock-free and safe for concurrent use. It holds key material and
// shows a fixed text in every printer, logger and encoder.
type Deriver struct {
	_    [0]func() // not comparable
	open func() *contexts
}

// contexts are a Deriver's precomputed keys. They hide behind a function value,
// which no printer and no dumper looks into.
type contexts struct {
	keyID    uint32
	subject  context
	purposes []purpose
	byName   map[string]*context // where a scan would take longer
	bounding *prf
}

// purpose is a context with its name.
type purpose struct {
	name string
	context
}

// scanned is the most purposes that are looked up by comparing names.
const scanned = 8

// purpose returns the context of a purpose, or nil.
func (c *contexts) purpose(name string) *context {
	if c.byName != nil {
		return c.byName[name]
	}
	for i := range c.purposes {
		if c.purposes[i].name == name {
			return &c.purposes[i].context
		}
	}
	return nil
}

// context is the pseudorandom function of one purpose for each identifier type.
type context [kinds]*prf

// NewDeriver precomputes the keys of tenant for the purposes and for consent
// subjects. Tenant and purposes are 1 to 64 characters of a-z, 0-9, dot, dash
// and underscore; [SubjectPurpose] is refused with [ErrPurpose]. It costs some
// 100 microseconds a purpose; make one and keep it.
func NewDeriver(k *Keyring, tenant string, purposes []string) (*Deriver, error) {
	s, err := k.secrets()
	if err != nil {
		return nil, err
	}
	if !contrib.ValidName(tenant) {
		return nil, ErrTenant
	}
	c := &contexts{keyID: s.keyID, purposes: make([]purpose, len(purposes))}
	for i, p := range purposes {
		if !contrib.ValidName(p) || p == SubjectPurpose {
			return nil, ErrPurpose
		}
		c.purposes[i].name = strings.Clone(p)
		if err := c.purposes[i].derive(s, tenant, p); err != nil {
			return nil, err
		}
	}
	if len(purposes) > scanned {
		c.byName = make(map[string]*context, len(purposes))
		for i := range c.purposes {
			c.byName[c.purposes[i].name] = &c.purposes[i].context
		}
	}
	if err := c.subject.derive(s, tenant, SubjectPurpose); err != nil {
		return nil, err
	}
	bounding, err := expand(&s.bounding, labelBounding, tenant)
	if err != nil {
		return nil, err
	}
	c.bounding = newPRF(bounding)
	clear(bounding[:])
	return &Deriver{open: func() *contexts { return c }}, nil
}

func (c *context) derive(s *secrets, tenant, purpose string) error {
	for kind, idtype := range types {
		key, err := contextKey(&s.root, tenant, purpose, idtype, "")
		if err != nil {
			return err
		}
		c[kind] = newPRF(key)
		clear(key[:])
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
	ctx := c.purpose(purpose)
	if ctx == nil {
		return ID{}, ErrPurpose
	}
	var msg message
	kind, err := msg.set(r)
	if err != nil {
		return ID{}, err
	}
	c.id(&id, ctx[kind], &msg)
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
	ctx := c.purpose(purpose)
	if ctx == nil {
		return 0, ErrPurpose
	}
	var msg message
	for n = range raws {
		if n == len(dst) {
			return n, io.ErrShortBuffer
		}
		kind, err := msg.set(raws[n])
		if err != nil {
			return n, err
		}
		c.id(&dst[n], ctx[kind], &msg)
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
	c.id(&id, c.subject[kind], &msg)
	return ident.NewSubject(id), nil
}

// Link derives subject and pseudonym of r in one step, and the bounding salt
// that a profile row born now gets. Its errors are those of [Deriver.ID].
func (d *Deriver) Link(r Raw, purpose string) (Link, error) {
	c, err := d.contexts()
	if err != nil {
		return Link{}, err
	}
	ctx := c.purpose(purpose)
	if ctx == nil {
		return Link{}, ErrPurpose
	}
	var msg message
	kind, err := msg.set(r)
	if err != nil {
		return Link{}, err
	}
	var subject, id ID
	c.id(&subject, c.subject[kind], &msg)
	c.id(&id, ctx[kind], &msg)
	b := id.Bytes()
	msg.n, msg.end = copy(msg.b[:], b[:]), 0
	var sum [sha256.Size]byte
	c.bounding.sum(&msg, &sum)
	return ident.NewLink(ident.NewSubject(subject), purpose, id, ident.Salt(sum[:16])), nil
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

func (c *contexts) id(dst *ID, p *prf, msg *message) {
	var sum [sha256.Size]byte
	p.sum(msg, &sum)
	*dst = ident.NewID(c.keyID, (*[16]byte)(sum[:16]))
}
