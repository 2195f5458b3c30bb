package consent

import (
	"html"
	"strings"
)

// HTML renders the notice as a fragment of HTML for a page: an article with the
// language and the direction of the notice's locale, headings of the second and
// third level, lists and paragraphs; no scripts, styles or classes. Every text is
// escaped. The article has the id "notice:ID", each purpose and each bundle
// "notice:ID:KEY", so that a page can link to them and put its switches beside.
func (n Notice) HTML(l Labels) string {
	w := htmlWriter{}
	anchor := func(key string) string { return "notice:" + n.ID + ":" + key }

	w.raw(`<article id="`).attr("notice:" + n.ID).raw(`" lang="`).attr(n.Locale)
	w.raw(`" dir="` + direction(n.Locale) + "\">\n<h2>").text(n.Title).raw("</h2>\n")
	if n.Text != "" {
		w.raw("<p>").text(n.Text).raw("</p>\n")
	}
	for _, s := range n.outline(l) {
		w.raw("<h3>").text(s.heading).raw("</h3>\n")
		if len(s.items) > 0 {
			w.raw("<ul>\n")
		}
		for _, i := range s.items {
			if i.key == "" {
				w.raw("<li>").text(i.title)
			} else {
				w.raw(`<li id="`).attr(anchor(i.key)).raw(`"><strong>`).text(i.title).raw("</strong>")
			}
			if i.text != "" {
				w.raw(": ").text(i.text)
			}
			for _, flag := range i.flags {
				w.raw(" <em>").text(flag).raw("</em>")
			}
			if len(i.parts) > 0 {
				w.raw("\n<ul>\n")
				for _, p := range i.parts {
					w.raw(`<li><a href="#`).attr(anchor(p.Key)).raw(`">`).text(p.Title).raw("</a></li>\n")
				}
				w.raw("</ul>\n")
			}
			w.raw("</li>\n")
		}
		if len(s.items) > 0 {
			w.raw("</ul>\n")
		}
		if len(s.lines) > 0 {
			w.raw("<p>").text(strings.Join(s.lines, "\n")).raw("</p>\n")
		}
	}
	w.raw("</article>\n")
	return w.b.String()
}

// htmlWriter keeps markup and texts apart.
type htmlWriter struct{ b strings.Builder }

// raw writes markup.
func (w *htmlWriter) raw(markup string) *htmlWriter {
	w.b.WriteString(markup)
	return w
}

// attr writes the value of an attribute, which stands in quotes, escaped.
func (w *htmlWriter) attr(s string) *htmlWriter { return w.raw(html.EscapeString(s)) }

// text writes a text, escaped; a line feed becomes a break.
func (w *htmlWriter) text(s string) *htmlWriter {
	return w.raw(strings.ReplaceAll(html.EscapeString(s), "\n", "<br/>"))
}
