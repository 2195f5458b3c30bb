package iab_test

import (
	"fmt"
	"strings"
)

// The writers of this file make strings for tests.

type writer struct{ bits strings.Builder }

func (w *writer) number(v, n int) { fmt.Fprintf(&w.bits, "%0*b", n, v) }

func (w *writer) flag(b bool) {
	if b {
		w.number(1, 1)
	} else {
		w.number(0, 1)
	}
}

func (w *writer) set(ids []int, n int) {
	row := []byte(strings.Repeat("0", n))
	for _, id := range ids {
		row[id-1] = '1'
	}
	w.bits.Write(row)
}

// text fills up with zeros to a multiple of unit and then of six bits.
func (w *writer) text(unit int) string {
	bits := w.bits.String()
	for len(bits)%unit != 0 {
		bits += "0"
	}
	for len(bits)%6 != 0 {
		bits += "0"
	}
	var out strings.Builder
	for ; bits != ""; bits = bits[6:] {
		v := 0
		for _, c := range bits[:6] {
			v = 2*v + int(c-'0')
		}
		out.WriteByte(alphabet[v])
	}
	return out.String()
}

func (w *writer) ranges(list []span) {
	w.number(len(list), 12)
	for _, r := range list {
		w.flag(r.first != r.last)
		w.number(r.first, 16)
		if r.first != r.last {
			w.number(r.last, 16)
		}
	}
}

func (w *writer) idSet(s spans, asRanges bool) {
	w.number(s.max, 16)
	w.flag(asRanges)
	if asRanges {
		w.ranges(s.list)
	} else {
		w.set(s.ids(), s.max)
	}
}

// form says how a TC string is written: which sets as ranges, and filled up to what.
type form struct {
	vendors, interests, disclosed bool
	unit                          int
	publisherFirst                bool
}

func (s *slowTCF) write(f form) string {
	if f.unit == 0 {
		f.unit = 8
	}
	w := &writer{}
	w.number(2, 6)
	w.number(s.created, 36)
	w.number(s.updated, 36)
	w.number(s.cmp, 12)
	w.number(s.cmpVersion, 12)
	w.number(s.screen, 6)
	w.letters(s.language)
	w.number(s.vendorList, 12)
	w.number(s.policy, 6)
	w.flag(s.serviceSpecific)
	w.flag(s.nonStandard)
	w.set(s.features, 12)
	w.set(s.purposes, 24)
	w.set(s.interests, 24)
	w.flag(s.purposeOne)
	w.letters(s.country)
	w.idSet(s.vendors, f.vendors)
	w.idSet(s.vendorInterests, f.interests)
	w.number(len(s.restrictions), 12)
	for _, r := range s.restrictions {
		w.number(r.purpose, 6)
		w.number(r.kind, 2)
		w.ranges(r.vendors)
	}
	parts := []string{w.text(f.unit)}
	if s.disclosed != nil {
		w := &writer{}
		w.number(1, 3)
		w.idSet(*s.disclosed, f.disclosed)
		parts = append(parts, w.text(f.unit))
	}
	if s.publisher {
		w := &writer{}
		w.number(3, 3)
		w.set(s.ownPurposes, 24)
		w.set(s.ownInterests, 24)
		w.number(s.custom, 6)
		w.set(s.customPurposes, s.custom)
		w.set(s.customInts, s.custom)
		parts = append(parts, w.text(f.unit))
	}
	if f.publisherFirst && len(parts) == 3 {
		parts[1], parts[2] = parts[2], parts[1]
	}
	return strings.Join(parts, ".")
}

func (w *writer) letters(s string) {
	for i := range 2 {
		w.number(int(s[i]-'A'), 6)
	}
}

// fibonacci writes a number in Fibonacci coding.
func (w *writer) fibonacci(v int) {
	fib := []int{1, 2}
	for fib[len(fib)-1] <= v {
		fib = append(fib, fib[len(fib)-1]+fib[len(fib)-2])
	}
	code := ""
	for i := len(fib) - 2; i >= 0; i-- {
		if fib[i] <= v {
			v -= fib[i]
			code = "1" + code
		} else if code != "" {
			code = "0" + code
		}
	}
	w.bits.WriteString(code + "1")
}

// writeGPP writes sections in the order of their numbers, each run of numbers as
// a group where asked.
func writeGPP(list []slowSection, groups bool) string {
	var items [][2]int
	for _, s := range list {
		if n := len(items); groups && n > 0 && items[n-1][1] == s.id-1 {
			items[n-1][1] = s.id
			continue
		}
		items = append(items, [2]int{s.id, s.id})
	}
	w := &writer{}
	w.number(3, 6)
	w.number(1, 6)
	w.number(len(items), 12)
	last := 0
	for _, i := range items {
		w.flag(i[0] != i[1])
		w.fibonacci(i[0] - last)
		if i[0] != i[1] {
			w.fibonacci(i[1] - i[0])
		}
		last = i[1]
	}
	text := w.text(6)
	for _, s := range list {
		text += "~" + s.text
	}
	return text
}

// writeUS writes a section: fields that are not named are 0, and Gpc makes a sub-section.
func writeUS(layout string, version int, fields map[string]int, unit int) string {
	w := &writer{}
	w.number(version, 6)
	for _, f := range slowLayout(layout) {
		w.number(fields[f], 2)
	}
	text := w.text(unit)
	if gpc, ok := fields["Gpc"]; ok {
		w := &writer{}
		w.number(1, 2)
		w.number(gpc, 1)
		text += "." + w.text(6)
	}
	return text
}
