package discreet

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/discreet-go/discreet/dp/ledger"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// Errors of Open about versions of a segment.
var (
	ErrVersions  = errors.New("discreet: Config.Segments holds a segment in at most two versions")
	ErrPublished = errors.New("discreet: a segment differs from what was published under its version: give it a new version")
)

// SegmentVersion is a version of a segment as Config.Segments has it.
type SegmentVersion struct {
	Purpose   string
	Name      string
	Version   int
	Published time.Time // the day on which an engine was first opened with it
	Fills     time.Time // the day from which all that it looks back on happened since
	Serves    bool      // whether this engine goes by it
}

// SegmentVersions returns every version of every segment that the engine was
// opened with, sorted by purpose, name and version.
//
// A version is published when an engine is first opened with it, as an entry of
// the ledger that holds its hash, and does not change any more: what differs is
// refused with ErrPublished. What people are told it is called, Title, may change.
// Two versions of a segment may stand side by side in Config.Segments. The older
// ones of a purpose serve, in rankings, releases and explanations, until an engine
// is opened on a day on which all newer ones of that purpose are filled: as many
// days after they were published as they look back. They serve or give way
// together, so that no segment is evaluated over versions of others that nobody
// checked it with. Once the newer ones serve, the older ones can go.
func (e *Engine) SegmentVersions() []SegmentVersion { return slices.Clone(e.versions) }

// versionsOf returns the definitions of a purpose in their newer versions, and, if
// any is there in two, all in their older ones.
func versionsOf(all []segment.Definition, purpose string) (older, newer []segment.Definition, err error) {
	versions := map[string][]int{}
	for _, d := range all {
		if d.Purpose == purpose {
			versions[d.Name] = append(versions[d.Name], d.Version)
		}
	}
	two := false
	for _, v := range versions {
		if len(v) > 2 {
			return nil, nil, ErrVersions
		}
		two = two || slices.Min(v) != slices.Max(v)
	}
	for _, d := range all {
		if d.Purpose != purpose {
			continue
		}
		if v := versions[d.Name]; d.Version == slices.Max(v) { // the same one twice is refused with the rules
			newer = append(newer, d)
		}
		if v := versions[d.Name]; two && d.Version == slices.Min(v) {
			older = append(older, d)
		}
	}
	return older, newer, nil
}

// publish publishes every version, and decides which serve.
func (e *Engine) publish(ctx context.Context, now time.Time) error {
	defs := slices.Clone(e.cfg.Segments)
	slices.SortStableFunc(defs, func(a, b segment.Definition) int {
		return cmp.Or(cmp.Compare(a.Purpose, b.Purpose), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	list := make([]ledger.Publication, len(defs))
	for i := range defs {
		p, err := publication(defs[i])
		if err != nil {
			return err
		}
		list[i] = p
	}
	days, err := e.account.Publish(ctx, list, now)
	if errors.Is(err, ledger.ErrPublished) {
		return ErrPublished
	}
	if err != nil {
		return err
	}
	newer := make([]bool, len(defs)) // a version that has one before it
	filling := map[string]bool{}     // purposes with such a version that is not filled
	for i := range defs {
		d := &defs[i]
		fills := days[i] + contrib.Day(d.LookbackDays(e.cfg.TTLDays))
		if e.rooms[0].rules.Zone() != "UTC" {
			fills++ // a day of the zone may begin earlier, or end later
		}
		e.versions = append(e.versions, SegmentVersion{
			Purpose: d.Purpose, Name: d.Name, Version: d.Version, Published: timeOf(days[i]), Fills: timeOf(fills),
		})
		newer[i] = i > 0 && defs[i-1].Purpose == d.Purpose && defs[i-1].Name == d.Name
		filling[d.Purpose] = filling[d.Purpose] || newer[i] && dayOf(now) < fills
	}
	for i := range defs {
		replaced := i+1 < len(defs) && newer[i+1]
		e.versions[i].Serves = !newer[i] && !replaced || newer[i] != filling[defs[i].Purpose]
	}
	for i := range e.segmented() {
		if r := &e.rooms[i]; filling[r.purpose] {
			r.rules, r.hash = r.older, r.olderHash
		}
	}
	return nil
}

// publication is a definition as it is logged: its hash, without its title, under
// a hash of its name, so that names of any length fit and none is told.
func publication(d segment.Definition) (ledger.Publication, error) {
	name, err := json.Marshal([]any{d.Purpose, d.Name, d.Version})
	if err != nil {
		return ledger.Publication{}, err
	}
	sum := sha256.Sum256(name)
	d.Title = ""
	var spec bytes.Buffer
	spec.WriteString("discreet-definition/0\n")
	if err := json.NewEncoder(&spec).Encode(d); err != nil {
		return ledger.Publication{}, err
	}
	return ledger.Publication{Name: "definition." + hex.EncodeToString(sum[:20]), Spec: spec.Bytes()}, nil
}
