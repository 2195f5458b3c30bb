package discreet

import (
	"fmt"
	"io"
	"strings"
)

// WriteText writes the record of processing as Markdown, for people. Texts of the
// configuration are escaped, and blanks are bold. [Assessment.WriteText] writes the
// other document.
func (p Processing) WriteText(w io.Writer) error {
	d := document{}
	d.heading(1, "Record of processing: "+p.Tenant)
	d.paragraph("Article 30 of the GDPR. Made from the configuration of the service; it holds no personal data. What is bold has to be written by people.")
	d.list(2, "Controller", p.Controllers)
	d.list(2, "Representative and data protection officer", p.Officers)
	d.list(2, "Categories of people", p.People)
	for _, q := range p.Purposes {
		d.heading(2, "Purpose: "+q.Title)
		d.item("Key: %s. Legal basis: %s.", q.Key, q.Basis)
		if q.Text != "" {
			d.item("Why: %s", q.Text)
		}
		if q.Advertising {
			d.item("%s", "This is advertising.")
		}
		if q.Sharing {
			d.item("%s", "This is sharing with third parties.")
		}
		if q.Memberships {
			d.item("%s", "They may be told which segments a person is in. What they were told is kept with the choice.")
		}
		if len(q.Notices) == 0 {
			d.item("%s", "No notice asks for it any more.")
		}
		switch {
		case q.KeptDays == 0 && q.Memberships:
			d.item("Kept: the choice, and what was disclosed under it. Promised: at most %s.", count(int64(q.PromisedDays), "day"))
		case q.KeptDays == 0:
			d.item("Kept: the choice, and nothing else. Promised: at most %s.", count(int64(q.PromisedDays), "day"))
		default:
			d.item("Kept for %s; promised: at most %s.", count(int64(q.KeptDays), "day"), count(int64(q.PromisedDays), "day"))
		}
		d.list(3, "Categories of data", q.Categories)
		d.list(3, "Sources, besides the person's own use", q.Sources)
		d.list(3, "Recipients", q.Recipients)
		d.list(3, "Third parties", q.ThirdParties)
		d.list(3, "Transfers", q.Transfers)
		if q.Audit != nil {
			d.list(3, "Recorded for audits of fairness", q.Audit.words())
		}
		var segments, measures []string
		for _, s := range q.Segments {
			segments = append(segments, fmt.Sprintf("%s, version %d: %s", s.Definition.Name, s.Definition.Version, strings.Join(s.Words, "; ")))
		}
		for _, m := range q.Measures {
			measures = append(measures, m.words()+" It counts since "+m.Since+".")
		}
		d.list(3, "Segments", segments)
		d.list(3, "What may be published", measures)
	}
	var limits, notices []string
	for _, l := range p.Limits {
		limits = append(limits, l.What+": "+l.Until)
	}
	for _, n := range p.Notices {
		notices = append(notices, fmt.Sprintf("%s, version %d, %s: %s", n.ID, n.Version, n.Locale, n.Hash))
	}
	d.list(2, "Time limits", limits)
	d.list(2, "What publishing reveals", p.Release.Words)
	d.list(2, "Security", p.Security)
	d.list(2, "Notices, by the SHA-256 of their content", notices)
	return d.writeTo(w)
}

// WriteText writes the skeleton of the assessment as Markdown, for people to
// complete. Texts of the configuration are escaped, and blanks are bold.
func (a Assessment) WriteText(w io.Writer) error {
	d := document{}
	d.heading(1, "Data protection impact assessment: skeleton")
	d.paragraph("Article 35(7) of the GDPR. Filled in with what the service is configured to do. It is no assessment until what is bold has been written by people.")
	for _, part := range a.Parts {
		d.heading(2, part.Title+" ("+part.Article+")")
		for _, s := range part.Subjects {
			d.list(3, s.Title, s.Facts)
		}
	}
	d.heading(2, "Risks to people, and what is done about them (35(7)(c), (d))")
	for i, r := range a.Risks {
		d.heading(3, fmt.Sprintf("%d. %s", i+1, r.Risk))
		d.list(4, "Against it", r.Against)
		d.list(4, "What is left", r.Left)
		d.paragraph(r.Judgment)
	}
	d.list(2, "Not covered", a.NotCovered)
	d.heading(2, "Advice, decision, review")
	for _, h := range a.Decision {
		d.list(3, h.Title, h.Facts)
	}
	return d.writeTo(w)
}

// document collects Markdown.
type document struct{ b strings.Builder }

func (d *document) heading(level int, s string) {
	if d.b.Len() > 0 {
		d.b.WriteByte('\n')
	}
	d.b.WriteString(strings.Repeat("#", level) + " " + escape(s) + "\n\n")
}

func (d *document) paragraph(s string) { d.b.WriteString("\n" + bold(s) + "\n") }

func (d *document) item(format string, args ...any) {
	d.b.WriteString("- " + bold(fmt.Sprintf(format, args...)) + "\n")
}

// list writes a heading and a list, or nothing where the list is empty.
func (d *document) list(level int, title string, values []string) {
	if len(values) == 0 {
		return
	}
	d.heading(level, title)
	for _, v := range values {
		d.item("%s", v)
	}
}

// writeTo writes what was collected, without empty lines that follow each other.
func (d *document) writeTo(w io.Writer) error {
	s := d.b.String()
	for strings.Contains(s, "\n\n\n") {
		s = strings.ReplaceAll(s, "\n\n\n", "\n\n")
	}
	_, err := io.WriteString(w, s)
	return err
}

// bold escapes a text, and marks it where it is a blank.
func bold(s string) string {
	if before, rest, ok := strings.Cut(s, Blank); ok {
		return escape(before) + "**" + strings.TrimSpace(Blank) + "** " + escape(rest)
	}
	return escape(s)
}

// escape returns a text in one line in which nothing is markup.
func escape(s string) string {
	if s != "" && strings.Contains("-+=", s[:1]) {
		return `\` + markup().Replace(s)
	}
	return markup().Replace(s)
}

// markup makes one line of a text and escapes what Markdown would read.
func markup() *strings.Replacer {
	return strings.NewReplacer(
		"\n", " ", "\r", " ", `\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`,
		"<", `\<`, ">", `\>`, "#", `\#`, "|", `\|`, "~", `\~`, "&", `\&`, "!", `\!`, "$", `\$`,
	)
}
