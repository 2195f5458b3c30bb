package consent

import (
	"slices"
	"strings"
)

// validLocale accepts a language of two or three letters, a script of four and
// a region of two letters or three digits, in that order and in canonical case.
func validLocale(s string) bool {
	parts := make([]string, 0, 3)
	for part := range strings.SplitSeq(s, "-") {
		if len(parts) == cap(parts) {
			return false
		}
		parts = append(parts, part)
	}
	if !letters(parts[0], 2, 'a') && !letters(parts[0], 3, 'a') {
		return false
	}
	parts = parts[1:]
	if len(parts) > 0 && len(parts[0]) == 4 {
		if !letters(parts[0][:1], 1, 'A') || !letters(parts[0][1:], 3, 'a') {
			return false
		}
		parts = parts[1:]
	}
	switch len(parts) {
	case 0:
		return true
	case 1:
		return letters(parts[0], 2, 'A') || len(parts[0]) == 3 && strings.Trim(parts[0], "0123456789") == ""
	}
	return false
}

func letters(s string, n int, first byte) bool {
	if len(s) != n {
		return false
	}
	for i := range n {
		if s[i] < first || s[i] > first+25 {
			return false
		}
	}
	return true
}

// Scripts and languages that are written from right to left, where no other
// script is named.
const (
	rtlScripts   = "Adlm Arab Hebr Mand Nkoo Rohg Samr Syrc Thaa"
	rtlLanguages = "ar arc ckb dv fa glk he ks lrc mzn nqo pnb prs ps sd sdh syr ug ur yi"
)

// direction returns "rtl" or "ltr", the direction that the locale is written in.
func direction(locale string) string {
	language, rest, _ := strings.Cut(locale, "-")
	script, _, _ := strings.Cut(rest, "-")
	known, of := rtlLanguages, language
	if len(script) == 4 {
		known, of = rtlScripts, script
	}
	if slices.Contains(strings.Fields(known), of) {
		return "rtl"
	}
	return "ltr"
}
