// Package iab reads what consent frameworks of the IAB Tech Lab say about one
// person, and Global Privacy Control: TC strings of the Transparency and Consent
// Framework, and strings of the Global Privacy Platform with the sections of the
// European Union and of the United States.
//
// # Which function to use
//
// A team writes one [Rule] for each purpose, checks it with [Rule.Check], and
// gives signals to [Rule.Hear], which answers with a consent.Heard: what each
// framework permits or forbids, and the age where a string tells it. [GPC] reads
// the header Sec-GPC. Whoever wants the fields of a string reads them with
// [ParseTCF], [ParseGPP], [ParseUS] and [ParseUSP].
//
// # The guarantee
//
// Unknown means denial: a string that is damaged, of an unknown version, of a
// section that is not read here, too old, from the future, or against the
// framework's own policies is Unclear, which denies. An explicit no Forbids. The
// strictest of several signals counts, so that adding one never allows more.
// Legitimate interest never counts as consent. Rows and sources of the decision
// stand in docs/formats.md.
//
// Readers have fixed bounds ([MaxText], [MaxSections], [MaxSegments]), allocate
// nothing, take time proportional to the length of the text, and answer
// membership from ranges without expanding them.
//
// # Not protected
//
// A string proves nothing: whoever sends a request writes what it likes. That is
// why signals only deny, and what allows is a record or a Source of package
// consent. Whether a vendor's number, or a platform's, is registered is not
// checked, nor is a vendor's declaration in the global vendor list. Strings are
// about a person; the errors of this package hold nothing of them, and no more
// should a log.
package iab
