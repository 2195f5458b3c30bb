package consent

import "github.com/discreet-go/discreet/internal/contrib"

// Rules of an entry.
const (
	errEntryKind   rule = "it has a kind and a time"
	errEntryNotice rule = "what was shown has an id, a version, a locale and a hash, or nothing was shown"
	errEntryText   rule = "Purposes are sorted and distinct, Method and Proof have their form"
	errEntryRandom rule = "Record and Salt are random"
	errEntryTold   rule = "what was disclosed has a recipient, a segment, its purpose, one of Purposes and a text, and nothing else has them"
)

// broken returns the first rule that the entry breaks, or "".
func (e *Entry) broken() rule {
	t := millis(e.At)
	shown := e.Notice != ""
	switch {
	case e.Kind == 0 || e.Kind > lastKind || t < 1 || t > maxMoment || !e.At.Equal(moment(t)):
		return errEntryKind
	case !shown && (e.Version != 0 || e.Locale != "" || e.Hash != [32]byte{}),
		shown && (!contrib.ValidName(e.Notice) || e.Version < 1 || e.Version > maxVersion || !validLocale(e.Locale) || e.Hash == [32]byte{}):
		return errEntryNotice
	case e.Method != "" && !contrib.ValidName(e.Method), e.Proof != "" && !validProof(e.Proof):
		return errEntryText
	case e.Record == [16]byte{} || e.Salt == [16]byte{}:
		return errEntryRandom
	}
	told := disclosed{recipient: e.Recipient, purpose: e.Of, segment: e.Segment}
	if len(e.Purposes) == 1 {
		told.sharing = e.Purposes[0]
	}
	if e.Kind == KindDisclosed && !(told.valid() && shown) || e.Kind != KindDisclosed && e.Recipient+e.Of+e.Segment != "" {
		return errEntryTold
	}
	for i, p := range e.Purposes {
		if !ValidPurpose(p) || i > 0 && e.Purposes[i-1] >= p {
			return errEntryText
		}
	}
	return ""
}
