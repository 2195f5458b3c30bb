package consent

import "time"

// maxMoment is the last millisecond that is recorded, at the end of the year
// 9999; expiries may lie beyond it by what a notice allows.
const (
	maxMoment = 253_402_300_799_999
	maxExpiry = maxMoment + MaxRefusalDays*dayMillis
	dayMillis = 24 * 60 * 60 * 1000
)

// millis returns whole milliseconds since 1970: -1 before it, and a value
// beyond maxMoment after the year 9999.
func millis(t time.Time) int64 {
	s := t.Unix()
	switch {
	case s < 0:
		return -1
	case s > maxMoment/1000:
		return maxMoment + 1
	}
	return s*1000 + int64(t.Nanosecond()/1e6)
}

func moment(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func days(n int) int64 { return int64(n) * dayMillis }
