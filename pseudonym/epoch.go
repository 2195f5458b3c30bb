package pseudonym

import "time"

// Epochs numbers stretches of days, for [NewEpochDeriver]. Pseudonyms of one
// person in two epochs cannot be joined without the key, so what is kept of one
// epoch cannot be followed into the next.
//
// The privacy unit of differentially private releases becomes (person, epoch):
// to them, a person is somebody else in each epoch. Epochs therefore have to be
// whole multiples of the accounting window of the ledger, and begin with one:
// then no window counts a person under two pseudonyms.
type Epochs struct {
	First time.Time // a moment of the first day (UTC) of epoch 0: the account's opening day
	Days  int       // length, a whole multiple of the accounting window
}

// At returns the number of the epoch that t lies in; days are UTC. [ErrEpoch]:
// Days is not positive, or t is before the first day.
func (e Epochs) At(t time.Time) (uint64, error) {
	from := day(t) - day(e.First)
	if e.Days < 1 || from < 0 {
		return 0, ErrEpoch
	}
	return uint64(from / int64(e.Days)), nil
}

// day counts days since 1970 UTC.
func day(t time.Time) int64 {
	const seconds = 24 * 60 * 60
	s := t.Unix()
	return (s - (s%seconds+seconds)%seconds) / seconds
}
