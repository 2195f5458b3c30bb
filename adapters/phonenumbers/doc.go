// Package phonenumbers reads phone numbers as they are written inside a country,
// with the tables of github.com/nyaruka/phonenumbers:
//
//	raw, err := pseudonym.PhoneIn(phonenumbers.Parser{}, "0113 496 0987", "GB")
//
// It is stricter than the tables' own reading, which takes letters, extensions
// and digits of other scripts: those are refused, and so is a number that no
// subscriber of the region can have. It is some hundred times slower than
// deriving a pseudonym; numbers that begin with a plus and hold no brackets need
// it not, pseudonym.Phone takes them.
//
// The tables change between versions: a number that one version refuses may be
// accepted by the next. What is accepted is one E.164 form, which does not.
package phonenumbers
