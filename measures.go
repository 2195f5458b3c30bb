package discreet

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"io"
	"strconv"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/internal/contrib"
	"github.com/discreet-go/discreet/segment"
)

// specOf checks a measure over the segments of its purpose. It returns ErrNoSegments
// for one that reads segments where there are none.
func specOf(m dp.Measure, segments []string) (contrib.Spec, error) {
	if len(segments) == 0 {
		s, err := contrib.NewSpec(m, []string{"any"})
		if err == nil && readsSegments(&s) {
			err = ErrNoSegments
		}
		return s, err
	}
	return contrib.NewSpec(m, segments)
}

// readsSegments reports whether a measure depends on who is in which segment.
func readsSegments(s *contrib.Spec) bool {
	return s.Rows == contrib.RowsSegments || s.Quantity == contrib.QuantitySegments
}

// declared returns the canonical form of a measure of the room, as it is declared in
// the ledger: with the meaning of its segments, or where it reads none, without.
func (r *room) declared(s *contrib.Spec) []byte {
	meaning := r.plain
	if readsSegments(s) {
		meaning = r.hash
	}
	var of []byte
	for i := range r.specs {
		if s.Of != "" && r.specs[i].Name == s.Of {
			of = r.declared(&r.specs[i]) // whose items or people these are
		}
	}
	return specBytes(meaning, s, of)
}

// specBytes is the canonical form of a declared measure: everything about it
// but its planned share, with the meaning of what it reads.
func specBytes(meaning [32]byte, s *contrib.Spec, of []byte) []byte {
	b := append([]byte("discreet-measure/0\x00"), meaning[:]...)
	text := func(v string) {
		b = binary.AppendUvarint(b, uint64(len(v)))
		b = append(b, v...)
	}
	list := func(v []string) {
		b = binary.AppendUvarint(b, uint64(len(v)))
		for _, x := range v {
			text(x)
		}
	}
	text(s.Name)
	text(s.Purpose)
	text(s.Kind.String())
	list(s.Segments)
	list(s.Items)
	discovered := uint64(0)
	if s.Discovered {
		discovered = 1
	}
	for _, n := range []uint64{discovered, uint64(s.MaxSegments), uint64(s.MaxItems), uint64(s.MaxPerCell), uint64(s.LookbackDays)} {
		b = binary.AppendUvarint(b, n)
	}
	if !first(s) { // what the first two kinds had no word for
		text("more")
		list(s.Categories)
		list(s.Groups)
		text(s.Attribute)
		text(strconv.FormatBool(s.Outcomes))
		text(s.Amount.Unit)
		text(s.Amount.Category)
		text(string(of))
		b = binary.AppendUvarint(b, uint64(len(s.Edges)))
		for _, n := range append([]int64{
			int64(s.Rows), int64(s.MinPeople), int64(s.HalfLifeDays), int64(s.MaxNorm), s.Amount.Low, s.Amount.High, int64(s.Quantity), int64(s.Noise),
		}, s.Edges...) {
			b = binary.AppendVarint(b, n)
		}
	}
	if s.Series {
		text("series")
	}
	if s.External() {
		text("external")
		for _, n := range append([]int64{int64(s.MaxEvents)}, s.Ranks...) {
			b = binary.AppendVarint(b, n)
		}
	}
	sum := sha256.Sum256(b)
	return sum[:]
}

// first reports whether a measure is one as there were at first.
func first(s *contrib.Spec) bool {
	return (s.Kind == contrib.KindSegmentSizes || s.Kind == contrib.KindSegmentItems) &&
		s.HalfLifeDays == 0 && s.MaxNorm == 0 && s.Noise == contrib.Automatic && s.MinPeople <= contrib.MinMinPeople
}

// querySpec is the canonical form of a query: the measure and what it spends.
func querySpec(declared []byte, shareNano int64) []byte {
	return binary.AppendUvarint(declared, uint64(shareNano))
}

// meaningOf hashes what decides who is in the segments of a purpose: the
// definitions, the taxonomy, whether the purpose is advertising, which asks for more
// evidence, and the zone, where it is not UTC. Without definitions it is what decides
// which events count for measures that read no segments.
func meaningOf(definitions []segment.Definition, r *segment.Rules, t *segment.Taxonomy, advertising bool) ([32]byte, error) {
	h := sha256.New()
	enc := json.NewEncoder(h)
	if err := enc.Encode(definitions); err != nil {
		return [32]byte{}, err
	}
	for _, id := range t.IDs() {
		parent, _ := t.Parent(id)
		if err := enc.Encode([]any{id, parent, t.Sensitive(id)}); err != nil {
			return [32]byte{}, err
		}
	}
	for _, alias := range t.Aliases() {
		id, _ := t.Resolve(alias)
		if err := enc.Encode([]any{alias, id}); err != nil {
			return [32]byte{}, err
		}
	}
	if advertising {
		io.WriteString(h, "advertising\n")
	}
	if zone := r.Zone(); zone != "UTC" {
		if err := enc.Encode([]string{"zone", zone}); err != nil {
			return [32]byte{}, err
		}
	}
	return [32]byte(h.Sum(nil)), nil
}
