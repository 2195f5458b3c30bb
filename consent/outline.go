package consent

import (
	"strconv"
	"strings"
)

// Labels are the fixed words around a notice, in its locale. An empty label is
// replaced by the English one.
type Labels struct {
	// Headings.
	Who, What, Why, Bundles, From, HowLong, Recipients, ThirdParties, Transfers, Rights, Complaint, Withdraw string

	// Sentences: that nobody sees it; that consent is the legal basis; what the
	// flags of a purpose mean.
	Nobody, Basis, Advertising, Sharing string

	// Kept and Lasts are sentences in which # stands for a number of days.
	Kept, Lasts string
}

// English returns the labels that [Notice.Plain] uses.
func English() Labels {
	return Labels{
		Who:          "Who asks",
		What:         "What we hold",
		Why:          "Why",
		Bundles:      "Together",
		From:         "Where it comes from",
		HowLong:      "For how long",
		Recipients:   "Who sees it",
		ThirdParties: "Who gets it for ends of their own, if you agree to share",
		Transfers:    "Where else it goes",
		Rights:       "Your rights",
		Complaint:    "Where to complain",
		Withdraw:     "How to withdraw",
		Nobody:       "Nobody outside this service.",
		Basis:        "Each only with your consent. You may say no, and take a yes back at any time.",
		Advertising:  "This is advertising: somebody pays for reaching you.",
		Sharing:      "This gives it to the third parties named below.",
		Kept:         "We keep it for at most # days.",
		Lasts:        "Your consent ends after # days unless you give it again.",
	}
}

// filled returns the labels with English ones in the place of empty ones.
func (l Labels) filled() Labels {
	en := English()
	fields, english := l.fields(), en.fields()
	for i, f := range fields {
		if *f == "" {
			*f = *english[i]
		}
	}
	return l
}

// fields returns every label.
func (l *Labels) fields() []*string {
	return []*string{
		&l.Who, &l.What, &l.Why, &l.Bundles, &l.From, &l.HowLong, &l.Recipients, &l.ThirdParties, &l.Transfers,
		&l.Rights, &l.Complaint, &l.Withdraw, &l.Nobody, &l.Basis, &l.Advertising, &l.Sharing, &l.Kept, &l.Lasts,
	}
}

// section is a heading of a rendered notice and what stands below it: items of a
// list, then lines.
type section struct {
	heading string
	items   []item
	lines   []string
}

// item is an entry of a list.
type item struct {
	key   string // of the purpose or bundle, for an anchor
	title string
	text  string // says more
	flags []string
	parts []Purpose // of a bundle
}

// outline returns what every rendering shows, in its order, without what is empty.
func (n *Notice) outline(l Labels) []section {
	l = l.filled()
	var list []section
	add := func(s section) {
		if len(s.items)+len(s.lines) > 0 {
			list = append(list, s)
		}
	}
	number := func(sentence string, v int) string { return strings.ReplaceAll(sentence, "#", strconv.Itoa(v)) }

	add(section{heading: l.Who, lines: lines(n.Controller)})
	add(section{heading: l.What, items: items(n.Categories)})
	add(section{heading: l.From, items: items(n.Sources)})
	why := section{heading: l.Why, lines: []string{l.Basis}}
	for _, p := range n.Purposes {
		i := item{key: p.Key, title: p.Title, text: p.Text}
		if p.Advertising {
			i.flags = append(i.flags, l.Advertising)
		}
		if p.Sharing {
			i.flags = append(i.flags, l.Sharing)
		}
		why.items = append(why.items, i)
	}
	add(why)
	together := section{heading: l.Bundles}
	for _, b := range n.Bundles {
		i := item{key: b.Key, title: b.Title, text: b.Text}
		for _, key := range b.Purposes {
			if j := n.purpose(key); j >= 0 {
				i.parts = append(i.parts, n.Purposes[j])
			}
		}
		together.items = append(together.items, i)
	}
	add(together)
	add(section{heading: l.HowLong, lines: []string{number(l.Kept, n.RetentionDays), number(l.Lasts, n.ConsentDays)}})
	who := section{heading: l.Recipients, items: items(n.Recipients)}
	if len(n.Recipients)+len(n.ThirdParties) == 0 {
		who.lines = []string{l.Nobody}
	}
	add(who)
	add(section{heading: l.ThirdParties, items: items(n.ThirdParties)})
	add(section{heading: l.Transfers, items: items(n.Transfers)})
	rights := section{heading: l.Rights, items: items(n.Rights)}
	for i := range min(len(rights.items), len(n.HowTo)) {
		rights.items[i].text = n.HowTo[i]
	}
	add(rights)
	add(section{heading: l.Complaint, lines: lines(n.Complaint)})
	add(section{heading: l.Withdraw, lines: lines(n.Withdrawal)})
	return list
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

func items(titles []string) []item {
	list := make([]item, len(titles))
	for i, s := range titles {
		list[i].title = s
	}
	return list
}
