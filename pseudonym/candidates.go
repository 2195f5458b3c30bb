package pseudonym

import "github.com/discreet-go/discreet/internal/ident"

// AppendCandidates appends the pseudonyms that a row of r may stand under for a
// purpose: those under the root that writes, then under the roots that are read,
// newest first; under each root by the current normaliser first ([Deriver.ID]),
// then by its earlier versions. Whoever finds the row under a later one moves it
// to the first. Erase-only roots are left out; [Deriver.AppendAll] has them.
//
// The errors are those of [Deriver.ID]. An identifier that one version of the
// normaliser refuses has no pseudonym by it, and an error only where all
// versions do. It does not allocate where dst has room and ID does not.
func (d *Deriver) AppendCandidates(dst []ID, r Raw, purpose string) ([]ID, error) {
	return d.appendIDs(dst, r, purpose, false)
}

// AppendAll appends what AppendCandidates does, and then the pseudonyms under
// roots that are erase-only: every one that a row of r can stand under. Access,
// export and erasure go through all of them.
func (d *Deriver) AppendAll(dst []ID, r Raw, purpose string) ([]ID, error) {
	return d.appendIDs(dst, r, purpose, true)
}

func (d *Deriver) appendIDs(dst []ID, r Raw, purpose string, all bool) ([]ID, error) {
	c, err := d.contexts()
	if err != nil {
		return dst, err
	}
	at := c.purpose(purpose)
	if at < 0 {
		return dst, ErrPurpose
	}
	var w walk
	if err := w.start(c, r, all); err != nil {
		return dst, err
	}
	for w.next() {
		dst = append(dst, w.id(&w.under().purposes[at]))
	}
	w.end()
	return dst, nil
}

// AppendSubjects appends the subjects that consent of r may stand under, in the
// order of [Deriver.AppendCandidates].
func (d *Deriver) AppendSubjects(dst []Subject, r Raw) ([]Subject, error) {
	return d.appendSubjects(dst, r, false)
}

// AppendAllSubjects appends what AppendSubjects does, and then the subjects under
// roots that are erase-only.
func (d *Deriver) AppendAllSubjects(dst []Subject, r Raw) ([]Subject, error) {
	return d.appendSubjects(dst, r, true)
}

func (d *Deriver) appendSubjects(dst []Subject, r Raw, all bool) ([]Subject, error) {
	c, err := d.contexts()
	if err != nil {
		return dst, err
	}
	var w walk
	if err := w.start(c, r, all); err != nil {
		return dst, err
	}
	for w.next() {
		dst = append(dst, ident.NewSubject(w.id(&w.under().subject)))
	}
	w.end()
	return dst, nil
}

// Single reports whether what is kept of identifiers of r's kind stands under the
// pseudonyms of [Deriver.Link] alone: one root writes, none is read beside it, and the
// normaliser has no earlier version, so that [Deriver.Earlier] has nothing to append.
func (d *Deriver) Single(r Raw) bool {
	c, err := d.contexts()
	kind := int(r.Kind()) - 1
	return err == nil && kind >= 0 && kind < kinds && c.read == 1 && len(c.earlier[kind]) == 0
}

// Earlier appends the links that rows and consent of r may stand under beside
// the one of [Deriver.Link]: those of [Deriver.AppendCandidates] but the first,
// in its order. There are none in a ring of one root.
func (d *Deriver) Earlier(dst []Link, r Raw, purpose string) ([]Link, error) {
	return d.appendLinks(dst, r, purpose, true)
}

// Every appends all links of r for a purpose, in the order of
// [Deriver.AppendAll]: the one of [Deriver.Link], those of Earlier, and those
// under roots that are erase-only.
func (d *Deriver) Every(dst []Link, r Raw, purpose string) ([]Link, error) {
	return d.appendLinks(dst, r, purpose, false)
}

func (d *Deriver) appendLinks(dst []Link, r Raw, purpose string, earlier bool) ([]Link, error) {
	c, err := d.contexts()
	if err != nil {
		return dst, err
	}
	at := c.purpose(purpose)
	if at < 0 {
		return dst, ErrPurpose
	}
	var w walk
	if err := w.start(c, r, !earlier); err != nil {
		return dst, err
	}
	for w.next() {
		if earlier && w.root == 0 && w.version == 0 {
			continue
		}
		under := w.under()
		subject, id := w.id(&under.subject), w.id(&under.purposes[at])
		var msg message
		dst = append(dst, c.link(subject, id, at, &msg))
	}
	w.end()
	return dst, nil
}

// walk goes through the roots of a Deriver and, under each, through the versions
// of the normaliser of one identifier.
type walk struct {
	c             *contexts
	kind          int
	roots         int       // how many
	root, version int       // where it is; version 0 is the current one
	now           message   // normal form by the current version
	then          []message // by the earlier ones; length -1 where one refuses
	pooled        *[]message
}

// start normalises r. It fails where no version accepts r.
func (w *walk) start(c *contexts, r Raw, all bool) error {
	w.c, w.roots, w.version = c, c.read, -1
	if all {
		w.roots = len(c.roots)
	}
	n, _, err := normalise((*[maxNormal]byte)(w.now.b[:]), r)
	if w.now.n = n; err != nil {
		w.now.n = -1
	}
	kind := int(r.Kind()) - 1
	if kind < 0 || kind >= kinds {
		return err
	}
	w.kind = kind
	if len(c.earlier[kind]) == 0 {
		return err
	}
	if w.pooled, _ = c.pool.Get().(*[]message); w.pooled == nil {
		w.pooled = new([]message)
	}
	then := (*w.pooled)[:0]
	for _, v := range c.earlier[kind] {
		then = append(then, message{})
		m := &then[len(then)-1]
		n, refused := v.normalise((*[maxNormal]byte)(m.b[:]), r.Expose())
		if m.n = n; refused != nil {
			m.n = -1
		} else {
			err = nil
		}
	}
	w.then, *w.pooled = then, then
	if err != nil {
		w.end()
	}
	return err
}

// next goes on to the next root and version that has a pseudonym.
func (w *walk) next() bool {
	for {
		if w.version++; w.version > len(w.then) {
			w.root, w.version = w.root+1, 0
		}
		if w.root >= w.roots {
			return false
		}
		if w.form().n >= 0 {
			return true
		}
	}
}

func (w *walk) form() *message {
	if w.version == 0 {
		return &w.now
	}
	return &w.then[w.version-1]
}

func (w *walk) under() *rootContexts { return w.c.roots[w.root] }

// id derives in one of the contexts of the present root.
func (w *walk) id(ctx *purposeKeys) (id ID) {
	p := ctx.current[w.kind]
	if w.version > 0 {
		p = ctx.earlier[w.kind][w.version-1]
	}
	w.under().id(&id, p, w.form())
	return id
}

// end gives back what holds the identifier, without it.
func (w *walk) end() {
	if w.pooled != nil {
		clear(w.then)
		w.c.pool.Put(w.pooled)
	}
}
