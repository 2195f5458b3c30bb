package pseudonym

import "time"

// Epochs numbers stretches of days, for [NewEpochDeriver]. Pseudonyms of one
// person in two epochs cannot be joined without the key, so what is kept of one
// epoch cannot be followed into the next.
//
// The privacy unit of differentially private releases becomes (person, epoch):
// to them, a person is somebody else in each epoch. Epochs are therefore made of
// whole accounting windows of the ledger, and begin with one: then no window
// counts a person under two pseudonyms.
type Epochs struct {
	First      time.Time // a moment of the first day (UTC) of epoch 0: the account's opening day
	WindowDays int       // length of the accounting window, 1 to 36,500
	Windows    int       // accounting windows in an epoch, 1 to 36,500
}

const maxEpochPart = 36_500 // a hundred years of days

// At returns the number of the epoch that t lies in; days are UTC. [ErrEpoch]:
// WindowDays or Windows is out of range, or t is before the first day.
func (e Epochs) At(t time.Time) (uint64, error) {
	from := day(t) - day(e.First)
	if e.WindowDays < 1 || e.WindowDays > maxEpochPart || e.Windows < 1 || e.Windows > maxEpochPart || from < 0 {
		return 0, ErrEpoch
	}
	return uint64(from / (int64(e.WindowDays) * int64(e.Windows))), nil
}

// day counts days since 1970 UTC.
func day(t time.Time) int64 {
	const seconds = 24 * 60 * 60
	s := t.Unix()
	return (s - (s%seconds+seconds)%seconds) / seconds
}
