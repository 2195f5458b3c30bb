package proof

import (
	"fmt"
	"strings"
)

// String names the release, for logs. It says nothing that the Header does not.
func (r Release) String() string {
	if r.IsZero() {
		return "invalid release"
	}
	return fmt.Sprintf("release %s of %s as of %s, %d cells", r.header.Name, r.header.Measure, r.header.AsOf, len(r.cells))
}

// Statement says in plain sentences what the release shows, how exact it is,
// what it costs and whom it protects. It costs nothing, as every use of a
// release does. [Release.StatementJSON] says the same to machines.
func (r Release) Statement() string {
	if r.IsZero() {
		return "This is not a release."
	}
	h := &r.header
	var b strings.Builder
	fmt.Fprintf(&b, "Release %s %s %s.", h.Name, h.what(), h.when())
	b.WriteString(h.bounds())
	b.WriteString(h.weights())
	b.WriteString(h.noise())
	b.WriteString(h.chosen())
	b.WriteString(h.loss())
	fmt.Fprintf(&b, " All releases of the window from %s to the day before %s together are (%.4g, %.3g)-differentially private.",
		h.WindowFrom, h.WindowTo, h.Epsilon, h.WindowDelta)
	b.WriteString(" Not protected: facts about groups, and one person under several identifiers beyond the sum of their parts.")
	return b.String()
}

// bounds says how much one person counts.
func (h *Header) bounds() string {
	switch h.Kind {
	case "histogram":
		return " One person is in one bin."
	case "groups":
		return fmt.Sprintf(" One person counts in at most %s, in one part of each; what else is known of them is left out.", plural(int64(h.L0), "campaign"))
	case "keys":
		return fmt.Sprintf(" One person counts with at most %s; what they have beyond that is left out.", plural(int64(h.L0), "item"))
	case "sums", "means", "table", "quantiles", "variance":
		if h.Kind == "table" && !h.amounts() {
			break
		}
		rows := h.L0
		if h.CountSigma > 0 {
			rows /= 2 // people and sums
		}
		number := "an amount"
		if !h.amounts() {
			number = "a number"
		}
		return fmt.Sprintf(" One person counts in at most %s, with %s from %s to %s %s in each: less counts as the one, more as the other.",
			plural(int64(rows), "row"), number, h.inUnit(h.Low, -1), h.inUnit(h.High, -1), h.Unit)
	}
	most := digits(h.LInf)
	if h.scaled() {
		most = h.inUnit(h.LInf, -1)
	}
	return fmt.Sprintf(" One person counts in at most %s, with at most %s in each; what they have beyond that is left out.",
		plural(int64(h.L0), "cell"), most)
}

// weights says what a contribution is multiplied by, and what a step is.
func (h *Header) weights() string {
	var b strings.Builder
	if h.HalfLife > 0 {
		switch {
		case h.Kind == "events":
			b.WriteString(" An event")
		case h.Kind == "item-pairs":
			b.WriteString(" A pair, from the last event of its older item on,")
		default:
			b.WriteString(" What a person has of an item, from its last event on,")
		}
		fmt.Fprintf(&b, " weighs half as much for every %s.", plural(int64(h.HalfLife), "day"))
	}
	if h.Norm > 0 {
		fmt.Fprintf(&b, " All that one person counts with, taken as one vector, is scaled down to a length of %s where it is longer.", h.inUnit(h.Norm, -1))
	}
	if h.Kind == "means" {
		fmt.Fprintf(&b, " Sums are of amounts less %s %s each, the middle of these bounds, which is to be added to a mean.", h.inUnit(h.Center, -1), h.Unit)
	}
	switch {
	case h.Kind == "variance":
		if h.scaled() {
			fmt.Fprintf(&b, " A variance is in squares of steps of %s %s.", h.inUnit(1, -1), h.Unit)
		}
	case h.external() && h.scaled():
		fmt.Fprintf(&b, " A value is in steps of %s %s.", h.inUnit(1, -1), h.Unit)
	case h.amounts():
		fmt.Fprintf(&b, " A sum is in steps of %s %s.", h.inUnit(1, -1), h.Unit)
	case h.scaled():
		fmt.Fprintf(&b, " A value is in steps of 1/%d of %s.", h.Per, h.one())
	}
	return b.String()
}

// noise says how exact the values are.
func (h *Header) noise() string {
	switch {
	case h.external():
		return fmt.Sprintf(" The values come from %s, mechanism %s, fed with the exact numbers so bounded: the noise, and the proof that it does what is said of it,"+
			" are those of that library. How exact they are is not known: no interval is claimed, and low and high are bounds that hold for any data.", h.External, h.Mechanism)
	case h.Mechanism == "selection":
		return fmt.Sprintf(" Which items come out is decided by chance, drawn exactly from a cryptographic generator, the rather the more people have one:"+
			" with fewer than %d never, with %d or more at least half the time.", h.MinPeople, h.Even)
	case h.CountSigma > 0:
		return fmt.Sprintf(" Every value is the exact number so bounded plus rounded Gaussian noise, drawn exactly from a cryptographic generator:"+
			" of scale %.4g (standard deviation %.4g) for numbers of people, and of scale %.4g (standard deviation %.4g) for sums;"+
			" with probability of about %.4g%% each the exact number lies within %d of a number of people, and within %d steps of a sum.",
			h.CountSigma, h.CountStdDev, h.Sigma, h.StdDev, 100*h.Level, h.CountMargin, h.Margin)
	}
	law := "rounded Gaussian"
	if h.Mechanism == "discrete-laplace" {
		law = "discrete Laplace"
	}
	return fmt.Sprintf(" Every value is the exact number so bounded plus %s noise of scale %.4g (standard deviation %.4g), drawn exactly from a cryptographic generator;"+
		" with probability of about %.4g%% the exact number lies within %d of it.", law, h.Sigma, h.StdDev, 100*h.Level, h.Margin)
}

// chosen says where the cells come from.
func (h *Header) chosen() string {
	switch {
	case h.Mechanism == "selection":
		return " The items come from the data; nothing else is shown of them, nor of those that did not come out."
	case h.MinPeople > 0:
		return fmt.Sprintf(" The items come from the data: a cell is shown if at least %d people are in it and its noisy number of people is at least %d,"+
			" so cells close to that tend to be overstated.", h.MinPeople, h.Threshold)
	case h.Threshold > 0:
		return fmt.Sprintf(" The items come from the data: a cell is shown if its noisy number of people is at least %d, so cells close to that tend to be overstated.", h.Threshold)
	}
	return " The cells were fixed beforehand, and every one is shown."
}

// loss says what the release costs.
func (h *Header) loss() string {
	const toWhat = "differentially private with respect to adding or removing everything that one person did"
	var s string
	if h.Pure > 0 {
		s = fmt.Sprintf(" The release alone is %.4g-%s; its account counts that as a loss of %.4g in Gaussian differential privacy", h.Pure, toWhat, h.Mu)
	} else {
		s = fmt.Sprintf(" The release is %.4g-Gaussian %s", h.Mu, toWhat)
	}
	switch {
	case h.Mechanism == "selection":
		s += fmt.Sprintf(", but for a probability of at most %.3g", h.Delta)
	case h.MinPeople > 0:
		s += fmt.Sprintf(", but for a probability of at most %.3g that it shows a cell which fewer than %d people would be in without that person", h.Delta, h.MinPeople)
	case h.Threshold > 0:
		s += fmt.Sprintf(", but for a probability of at most %.3g that it shows a cell which only that person is in", h.Delta)
	}
	return s + "."
}

// plural writes a number with its unit.
func plural(n int64, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
