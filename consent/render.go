package consent

import (
	"strconv"
	"strings"
)

// Labels are the fixed words around a notice, in its locale. An empty label is
// replaced by the English one.
type Labels struct {
	Who, What, Why, From, HowLong, Recipients, Nobody, Rights, Withdraw string
	// Kept and Lasts are sentences in which # stands for a number of days.
	Kept, Lasts string
}

// English returns the labels that [Notice.Plain] uses.
func English() Labels {
	return Labels{
		Who:        "Who asks",
		What:       "What we hold",
		Why:        "Why",
		From:       "Where it comes from",
		HowLong:    "For how long",
		Recipients: "Who sees it",
		Nobody:     "Nobody outside this service.",
		Rights:     "Your rights",
		Withdraw:   "How to withdraw",
		Kept:       "We keep it for at most # days.",
		Lasts:      "Your consent ends after # days unless you give it again.",
	}
}

// Plain renders the notice as plain text for people, with English labels: what
// is held, why, for how long, who sees it, and how to withdraw.
func (n Notice) Plain() string { return n.PlainWith(English()) }

// PlainWith renders the notice as plain text with the given labels.
func (n Notice) PlainWith(l Labels) string {
	en := English()
	var b strings.Builder
	heading := func(label, fallback string) {
		b.WriteString("\n" + or(label, fallback) + "\n")
	}
	list := func(values []string) {
		for _, v := range values {
			b.WriteString("  - " + v + "\n")
		}
	}
	line := func(s string) { b.WriteString("  " + strings.ReplaceAll(s, "\n", "\n  ") + "\n") }
	sentence := func(s, fallback string, n int) {
		line(strings.ReplaceAll(or(s, fallback), "#", strconv.Itoa(n)))
	}

	b.WriteString(n.Title + "\n")
	if n.Text != "" {
		b.WriteString("\n" + n.Text + "\n")
	}
	if n.Controller != "" {
		heading(l.Who, en.Who)
		line(n.Controller)
	}
	heading(l.What, en.What)
	list(n.Categories)
	if len(n.Sources) > 0 {
		heading(l.From, en.From)
		list(n.Sources)
	}
	heading(l.Why, en.Why)
	for _, p := range n.Purposes {
		s := p.Title
		if p.Text != "" {
			s += ": " + strings.ReplaceAll(p.Text, "\n", "\n    ")
		}
		list([]string{s})
	}
	heading(l.HowLong, en.HowLong)
	sentence(l.Kept, en.Kept, n.RetentionDays)
	sentence(l.Lasts, en.Lasts, n.ConsentDays)
	heading(l.Recipients, en.Recipients)
	if len(n.Recipients) == 0 {
		line(or(l.Nobody, en.Nobody))
	}
	list(n.Recipients)
	if len(n.Rights) > 0 {
		heading(l.Rights, en.Rights)
		list(n.Rights)
	}
	heading(l.Withdraw, en.Withdraw)
	line(n.Withdrawal)
	return b.String()
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
