package iab_test

import (
	"errors"
	"strconv"
	"strings"
)

// The readers of this file are slow and meant to be obviously right: a string of
// zeros and ones, cut from the left. They share nothing with the package.

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

var errSlow = errors.New("refused")

// tape is a string of bits that is cut from the left.
type tape struct {
	bits string
	bad  bool
}

func tapeOf(text string) *tape {
	t := &tape{}
	var b strings.Builder
	for _, c := range []byte(text) {
		i := strings.IndexByte(alphabet, c)
		if i < 0 {
			t.bad = true
			return t
		}
		six := strconv.FormatInt(int64(i), 2)
		b.WriteString(strings.Repeat("0", 6-len(six)) + six)
	}
	t.bits = b.String()
	return t
}

func (t *tape) cut(n int) string {
	if t.bad || n > len(t.bits) {
		t.bad = true
		return strings.Repeat("0", n)
	}
	head := t.bits[:n]
	t.bits = t.bits[n:]
	return head
}

func (t *tape) number(n int) int {
	v := 0
	for _, c := range t.cut(n) {
		v = 2*v + int(c-'0')
	}
	return v
}

func (t *tape) flag() bool { return t.cut(1) == "1" }

// set returns which of n bits are one, numbered from 1.
func (t *tape) set(n int) []int {
	ids := []int{}
	for i, c := range t.cut(n) {
		if c == '1' {
			ids = append(ids, i+1)
		}
	}
	return ids
}

func (t *tape) empty() bool { return !t.bad && !strings.Contains(t.bits, "1") }

// span is a range of identifiers, both ends included.
type span struct{ first, last int }

// spans are a set of identifiers.
type spans struct {
	max  int
	list []span
}

func (s spans) has(id int) bool {
	for _, r := range s.list {
		if r.first <= id && id <= r.last {
			return true
		}
	}
	return false
}

// ids lists what the set holds, up to the largest that it announces.
func (s spans) ids() []int {
	ids := []int{}
	for id := 1; id <= s.max; id++ {
		if s.has(id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func (t *tape) ranges(most int) []span {
	var list []span
	for n := t.number(12); n > 0 && !t.bad; n-- {
		group := t.flag()
		r := span{first: t.number(16)}
		r.last = r.first
		if group {
			r.last = t.number(16)
		}
		if r.first < 1 || r.last < r.first || r.last > most {
			t.bad = true
		}
		list = append(list, r)
	}
	return list
}

func (t *tape) idSet() spans {
	s := spans{max: t.number(16)}
	if t.flag() {
		s.list = t.ranges(s.max)
		return s
	}
	for _, id := range t.set(s.max) {
		s.list = append(s.list, span{id, id})
	}
	return s
}

type slowRestriction struct {
	purpose, kind int
	vendors       []span
}

// slowTCF is a TC string, every field of it.
type slowTCF struct {
	created, updated           int // tenths of seconds
	cmp, cmpVersion, screen    int
	language, country          string
	vendorList, policy         int
	serviceSpecific            bool
	nonStandard                bool
	features                   []int
	purposes, interests        []int
	purposeOne                 bool
	vendors, vendorInterests   spans
	restrictions               []slowRestriction
	disclosed                  *spans
	publisher                  bool
	ownPurposes, ownInterests  []int
	custom                     int
	customPurposes, customInts []int
}

func slowLetters(t *tape) string {
	a, b := t.number(6), t.number(6)
	return string([]byte{byte('A' + a), byte('A' + b)})
}

func readSlowTCF(text string) (*slowTCF, error) {
	if len(text) > 8192 {
		return nil, errSlow
	}
	segments := strings.Split(text, ".")
	if len(segments) > 8 {
		return nil, errSlow
	}
	for _, s := range segments {
		if len(s)%4 == 1 {
			return nil, errSlow
		}
	}
	t := tapeOf(segments[0])
	s := &slowTCF{}
	if t.number(6) != 2 {
		return nil, errSlow
	}
	s.created, s.updated = t.number(36), t.number(36)
	s.cmp, s.cmpVersion, s.screen = t.number(12), t.number(12), t.number(6)
	s.language = slowLetters(t)
	s.vendorList, s.policy = t.number(12), t.number(6)
	s.serviceSpecific, s.nonStandard = t.flag(), t.flag()
	s.features, s.purposes, s.interests = t.set(12), t.set(24), t.set(24)
	s.purposeOne = t.flag()
	s.country = slowLetters(t)
	s.vendors = t.idSet()
	s.vendorInterests = t.idSet()
	for n := t.number(12); n > 0 && !t.bad; n-- {
		r := slowRestriction{purpose: t.number(6), kind: t.number(2)}
		r.vendors = t.ranges(65535)
		s.restrictions = append(s.restrictions, r)
	}
	if !t.empty() {
		return nil, errSlow
	}
	seen := map[int]bool{0: true}
	for _, text := range segments[1:] {
		t := tapeOf(text)
		kind := t.number(3)
		if t.bad || seen[kind] {
			return nil, errSlow
		}
		seen[kind] = true
		switch kind {
		case 1:
			set := t.idSet()
			s.disclosed = &set
		case 3:
			s.publisher = true
			s.ownPurposes, s.ownInterests = t.set(24), t.set(24)
			s.custom = t.number(6)
			s.customPurposes, s.customInts = t.set(s.custom), t.set(s.custom)
		default:
			continue
		}
		if !t.empty() {
			return nil, errSlow
		}
	}
	return s, nil
}

// slowSection is one section of a GPP string.
type slowSection struct {
	id   int
	text string
}

// fibonacci cuts a number in Fibonacci coding.
func (t *tape) fibonacci() int {
	end := strings.Index(t.bits, "11")
	if t.bad || end < 0 || end > 30 {
		t.bad = true
		return 0
	}
	sum, a, b := 0, 1, 2
	for _, c := range t.cut(end + 2)[:end+1] {
		if c == '1' {
			sum += a
		}
		a, b = b, a+b
	}
	return sum
}

func readSlowGPP(text string) ([]slowSection, error) {
	if len(text) > 8192 {
		return nil, errSlow
	}
	parts := strings.Split(text, "~")
	t := tapeOf(parts[0])
	if t.number(6) != 3 || t.number(6) != 1 || len(parts) > 65 {
		return nil, errSlow
	}
	ids := []int{}
	last := 0
	for n := t.number(12); n > 0 && !t.bad; n-- {
		group := t.flag()
		first := last + t.fibonacci()
		last = first
		if group {
			last += t.fibonacci()
		}
		if t.bad || last > 65535 || len(ids)+last-first >= len(parts) {
			return nil, errSlow
		}
		for id := first; id <= last; id++ {
			ids = append(ids, id)
		}
	}
	if !t.empty() || len(ids) != len(parts)-1 {
		return nil, errSlow
	}
	list := []slowSection{}
	for i, id := range ids {
		list = append(list, slowSection{id, parts[i+1]})
	}
	return list, nil
}

// The fields of the sections in the words of their specifications: a name, and
// behind a colon how many of it there are.
var slowFields = map[string]string{
	"usnat1": "SharingNotice SaleOptOutNotice SharingOptOutNotice TargetedAdvertisingOptOutNotice SensitiveDataProcessingOptOutNotice " +
		"SensitiveDataLimitUseNotice SaleOptOut SharingOptOut TargetedAdvertisingOptOut SensitiveDataProcessing:12 " +
		"KnownChildSensitiveDataConsents:2 PersonalDataConsents MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode",
	"usnat2": "SharingNotice SaleOptOutNotice SharingOptOutNotice TargetedAdvertisingOptOutNotice SensitiveDataProcessingOptOutNotice " +
		"SensitiveDataLimitUseNotice SaleOptOut SharingOptOut TargetedAdvertisingOptOut SensitiveDataProcessing:16 " +
		"KnownChildSensitiveDataConsents:3 PersonalDataConsents MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode",
	"usca": "SaleOptOutNotice SharingOptOutNotice SensitiveDataLimitUseNotice SaleOptOut SharingOptOut SensitiveDataProcessing:9 " +
		"KnownChildSensitiveDataConsents:2 PersonalDataConsents MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode",
	"usva": "SharingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice SaleOptOut TargetedAdvertisingOptOut SensitiveDataProcessing:8 " +
		"KnownChildSensitiveDataConsents:1 MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode",
	"usco": "SharingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice SaleOptOut TargetedAdvertisingOptOut SensitiveDataProcessing:7 " +
		"KnownChildSensitiveDataConsents:1 MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode",
	"usut": "SharingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice SensitiveDataProcessingOptOutNotice SaleOptOut " +
		"TargetedAdvertisingOptOut SensitiveDataProcessing:8 KnownChildSensitiveDataConsents:1 " +
		"MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode",
	"usct": "SharingNotice SaleOptOutNotice TargetedAdvertisingOptOutNotice SaleOptOut TargetedAdvertisingOptOut SensitiveDataProcessing:8 " +
		"KnownChildSensitiveDataConsents:3 MspaCoveredTransaction MspaOptOutOptionMode MspaServiceProviderMode",
}

var slowNames = map[int]string{7: "usnat", 8: "usca", 9: "usva", 10: "usco", 11: "usut", 12: "usct"}

// slowLayout returns the fields of a section in order, lists taken apart as
// "Name 1", "Name 2" and so on.
func slowLayout(name string) []string {
	var list []string
	for _, f := range strings.Fields(slowFields[name]) {
		base, n, ok := strings.Cut(f, ":")
		if !ok {
			list = append(list, base)
			continue
		}
		count, _ := strconv.Atoi(n)
		for i := 1; i <= count; i++ {
			list = append(list, base+" "+strconv.Itoa(i))
		}
	}
	return list
}

// readSlowUS returns the fields of a section by name, and its version.
func readSlowUS(id int, text string) (map[string]int, int, error) {
	name := slowNames[id]
	parts := strings.Split(text, ".")
	versions := 1
	if name == "usnat" {
		name, versions = "usnat1", 2
		if len(parts[0]) >= 12 {
			name = "usnat2"
		}
	}
	layout := slowLayout(name)
	t := tapeOf(parts[0])
	version := t.number(6)
	if layout == nil || len(parts) > 8 || version < 1 || version > versions {
		return nil, 0, errSlow
	}
	fields := map[string]int{}
	for _, f := range layout {
		fields[f] = t.number(2)
	}
	full := 6 + 2*len(layout)
	for full%24 != 0 {
		full++
	}
	if !t.empty() || 6*len(parts[0]) > full {
		return nil, 0, errSlow
	}
	for _, p := range parts[1:] {
		t := tapeOf(p)
		if t.number(2) != 1 {
			return nil, 0, errSlow
		}
		if t.flag() {
			fields["Gpc"] = 1
		} else if fields["Gpc"] == 0 {
			fields["Gpc"] = 0
		}
		if !t.empty() || len(p) > 4 {
			return nil, 0, errSlow
		}
	}
	return fields, version, nil
}
