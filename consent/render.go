package consent

import "strings"

// Plain renders the notice as plain text for people, with English labels: what
// is held, why, for how long, who sees it, the rights, and how to withdraw.
func (n Notice) Plain() string { return n.PlainWith(English()) }

// PlainWith renders the notice as plain text with the given labels.
func (n Notice) PlainWith(l Labels) string {
	var b strings.Builder
	indent := func(by string, s string) string { return strings.ReplaceAll(s, "\n", "\n"+by) }

	b.WriteString(n.Title + "\n")
	if n.Text != "" {
		b.WriteString("\n" + n.Text + "\n")
	}
	for _, s := range n.outline(l) {
		b.WriteString("\n" + s.heading + "\n")
		for _, i := range s.items {
			b.WriteString("  - " + i.title)
			if i.text != "" {
				b.WriteString(": " + indent("    ", i.text))
			}
			b.WriteString("\n")
			for _, flag := range i.flags {
				b.WriteString("    " + indent("    ", flag) + "\n")
			}
			for _, p := range i.parts {
				b.WriteString("      - " + p.Title + "\n")
			}
		}
		for _, line := range s.lines {
			b.WriteString("  " + indent("  ", line) + "\n")
		}
	}
	return b.String()
}
