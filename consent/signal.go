package consent

// Signals are what came along with an event or a request, as they were. The zero
// Signals say nothing. They only ever deny: what allows is a record or a
// [Source]. Package consent/iab reads the strings.
type Signals struct {
	GPC bool   // Global Privacy Control: a header Sec-GPC was exactly "1"
	TCF string // TC string of the IAB's Transparency and Consent Framework; "" for none
	GPP string // string of the IAB's Global Privacy Platform; "" for none

	// GPPSections are the sections of GPP that apply, as gpp_sid says; empty for
	// all that the string holds.
	GPPSections []int

	Age Age // of the person, where it is known
}

// IsZero reports whether the signals say nothing.
func (s *Signals) IsZero() bool {
	return s == nil || !s.GPC && s.TCF == "" && s.GPP == "" && len(s.GPPSections) == 0 && s.Age == AgeUnknown
}

// Age is how old a person is, as far as it matters here.
type Age uint8

// The ages. AgeUnknown counts as Minor, unless a caller knows better and says so.
const (
	AgeUnknown Age = iota
	Adult          // old enough for everything
	Minor          // agrees to purposes of their own, but is not advertised to
	Child          // somebody else agrees for a child, who is not advertised to
)

// Signal is what one framework's string says about one purpose. The zero Signal
// says nothing.
type Signal uint8

// The signals.
const (
	Silent  Signal = iota // not given, or says nothing about the purpose
	Permits               // says yes; the records still decide
	Forbids               // an explicit no, or an opt-out: it reaches what is stored too
	Unclear               // given, but cannot be read or relied on: denies, and ends nothing
)

// Heard is what signals say about one purpose, read by consent/iab or by the
// caller. The zero Heard says nothing, at an unknown age.
type Heard struct {
	GPC Signal // Forbids, or Silent
	TCF Signal
	GPP Signal
	Age Age
}
