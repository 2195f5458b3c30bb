package pseudonym

import (
	"crypto/sha256"

	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/internal/ident"
)

// SubjectPurpose is the reserved purpose that consent subjects are derived under.
const SubjectPurpose = "consent-subject"

// Index of an identifier type within a context.
const (
	kindEmail = iota
	kindOpaque
	kinds
)

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
	purposes map[string]*context
	bounding *prf
}

// context is the pseudorandom function of one purpose for each identifier type.
type context [kinds]*prf

// NewDeriver precomputes the keys of tenant for the purposes and for consent
// subjects. Tenant and purposes are 1 to 64 characters of a-z, 0-9, dot, dash
// and underscore; [SubjectPurpose] is refused with [ErrPurpose]. It costs some
// 20 microseconds a purpose; make one and keep it.
func NewDeriver(k *Keyring, tenant string, purposes []string) (*Deriver, error) {
	s, err := k.secrets()
	if err != nil {
		return nil, err
	}
	if !contrib.ValidName(tenant) {
		return nil, ErrTenant
	}
	c := &contexts{keyID: s.keyID, purposes: make(map[string]*context, len(purposes))}
	for _, p := range purposes {
		if !contrib.ValidName(p) || p == SubjectPurpose {
			return nil, ErrPurpose
		}
		ctx := new(context)
		if err := ctx.derive(s, tenant, p); err != nil {
			return nil, err
		}
		c.purposes[p] = ctx
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
	for kind, idtype := range [kinds]string{kindEmail: typeEmail, kindOpaque: typeOpaque} {
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
// ASCII e-mail address or an opaque identifier. Errors: [ErrAnonymous],
// [ErrPurpose], [ErrHashed], [ErrOpaque], errors that wrap [ErrEmail], and
// [ErrKeyring] for a Deriver that NewDeriver did not make.
func (d *Deriver) ID(r Raw, purpose string) (id ID, err error) {
	c, err := d.contexts()
	if err != nil {
		return ID{}, err
	}
	ctx, ok := c.purposes[purpose]
	if !ok {
		return ID{}, ErrPurpose
	}
	var buf [maxNormal]byte
	n, kind, err := normalise(&buf, r)
	if err != nil {
		return ID{}, err
	}
	c.id(&id, ctx[kind], buf[:n])
	return id, nil
}

// Subject derives the pseudonym of r that consent records are kept under. Its
// errors are those of [Deriver.ID].
func (d *Deriver) Subject(r Raw) (Subject, error) {
	c, err := d.contexts()
	if err != nil {
		return Subject{}, err
	}
	var buf [maxNormal]byte
	n, kind, err := normalise(&buf, r)
	if err != nil {
		return Subject{}, err
	}
	var id ID
	c.id(&id, c.subject[kind], buf[:n])
	return ident.NewSubject(id), nil
}

// Link derives subject and pseudonym of r in one step, and the bounding salt
// that a profile row born now gets. Its errors are those of [Deriver.ID].
func (d *Deriver) Link(r Raw, purpose string) (Link, error) {
	c, err := d.contexts()
	if err != nil {
		return Link{}, err
	}
	ctx, ok := c.purposes[purpose]
	if !ok {
		return Link{}, ErrPurpose
	}
	var buf [maxNormal]byte
	n, kind, err := normalise(&buf, r)
	if err != nil {
		return Link{}, err
	}
	var subject, id ID
	c.id(&subject, c.subject[kind], buf[:n])
	c.id(&id, ctx[kind], buf[:n])
	b := id.Bytes()
	var sum [sha256.Size]byte
	c.bounding.sum(b[:], &sum)
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

func (c *contexts) id(dst *ID, p *prf, normal []byte) {
	var sum [sha256.Size]byte
	p.sum(normal, &sum)
	*dst = ident.NewID(c.keyID, (*[16]byte)(sum[:16]))
}
