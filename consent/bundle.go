package consent

import "slices"

// maxBundles is how many bundles a notice may have.
const maxBundles = 32

// Bundle is a named set of purposes of one notice that a person can agree to, or
// refuse, with one tap. It asks for nothing by itself: every purpose in it stands
// in the notice too, and can be answered alone.
//
// A purpose with Sharing set is in no bundle, so that nobody shares by agreeing
// to something else. Advertising is bundled with advertising only.
type Bundle struct {
	Key      string   `json:"key"`            // like that of a purpose, and distinct from all of them
	Title    string   `json:"title"`          // for people, in the notice's locale
	Text     string   `json:"text,omitempty"` // for people: what they have in common
	Purposes []string `json:"purposes"`       // keys of at least two purposes of the notice, each once
}

// Rules of bundles.
const (
	errBundle rule = "a bundle has a valid key of its own, a title, and at least two purposes of its notice, each once; a notice has at most 32"
	errHidden rule = "a bundle holds no sharing purpose, and advertising only together with advertising"
)

// checkBundles returns the first rule of bundles that the notice breaks.
func (n *Notice) checkBundles() error {
	if len(n.Bundles) > maxBundles {
		return errBundle
	}
	for i, b := range n.Bundles {
		switch {
		case !ValidPurpose(b.Key) || n.purpose(b.Key) >= 0 || n.bundle(b.Key) != i || len(b.Purposes) < 2:
			return errBundle
		case !title(b.Title):
			return errTitle
		case !text(b.Text):
			return errText
		}
		advertising := 0
		for j, key := range b.Purposes {
			k := n.purpose(key)
			if k < 0 || slices.Contains(b.Purposes[:j], key) {
				return errBundle
			}
			if n.Purposes[k].Sharing {
				return errHidden
			}
			if n.Purposes[k].Advertising {
				advertising++
			}
		}
		if advertising != 0 && advertising != len(b.Purposes) {
			return errHidden
		}
	}
	return nil
}

// bundle returns the index of the bundle in the notice, or -1.
func (n *Notice) bundle(key string) int {
	return slices.IndexFunc(n.Bundles, func(b Bundle) bool { return b.Key == key })
}

// sameBundles reports whether two locales of a version have the same bundles, in
// one order.
func sameBundles(x, y *Notice) bool {
	return slices.EqualFunc(x.Bundles, y.Bundles, func(a, b Bundle) bool {
		return a.Key == b.Key && slices.Equal(a.Purposes, b.Purposes)
	})
}

// expand returns the names with the purposes of a bundle in its place, each
// purpose once. It fails on a name that the notice does not show.
func (n *Notice) expand(names []string) ([]string, error) {
	var keys []string
	for _, name := range names {
		purposes := []string{name}
		if i := n.bundle(name); i >= 0 {
			purposes = n.Bundles[i].Purposes
		} else if n.purpose(name) < 0 {
			return nil, ErrPurpose
		}
		for _, p := range purposes {
			if !slices.Contains(keys, p) {
				keys = append(keys, p)
			}
		}
	}
	return keys, nil
}

// smallest returns the key of the smallest bundle that holds all the purposes and
// none that was refused, the one declared first of several, or "".
func (n *Notice) smallest(purposes []string, refused func(purpose string) bool) string {
	best := -1
	for i, b := range n.Bundles {
		if best >= 0 && len(b.Purposes) >= len(n.Bundles[best].Purposes) || slices.ContainsFunc(b.Purposes, refused) {
			continue
		}
		if !slices.ContainsFunc(purposes, func(p string) bool { return !slices.Contains(b.Purposes, p) }) {
			best = i
		}
	}
	if best < 0 {
		return ""
	}
	return n.Bundles[best].Key
}
