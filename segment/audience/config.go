package audience

import (
	"errors"
	"math/big"
	"time"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/dp/accounting"
	"github.com/discreet-go/discreet/internal/contrib"
)

// Limits of a Config.
const (
	LeastPeople   = 10      // no audience is smaller, however exact the counts are
	MostPeople    = 1 << 30 // of MinPeople
	MaxTTLDays    = 90      // a membership is handed out anew, or ends
	MaxMaxAgeDays = 400

	// DefaultChance is the probability with which the lower end of a release's own
	// interval lies above the count: half of what its level leaves.
	DefaultChance = 0.025
	leastChance   = 1e-9
)

// Errors of this package.
var (
	ErrConfig  = errors.New("audience: MinPeople is 10 to 2^30, TTLDays 1 to 90, MaxAgeDays 1 to 400, Chance 0 or 1e-9 to 0.025")
	ErrSource  = errors.New("audience: a gate needs the account of its releases, and the names of their measures")
	ErrRelease = errors.New("audience: not a release of segment sizes, in whole people with Gaussian noise, of that account and of those measures")
	ErrNoise   = errors.New("audience: a forecast needs noise that dp.Predict made")
)

// Config says what an audience is. Fields without a stated default are required.
type Config struct {
	MinPeople  int // k: people from which on a segment opens, 10 to 2^30
	TTLDays    int // days that whoever receives a membership may use it, 1 to 90
	MaxAgeDays int // days after its as-of day that a release counts, 1 to 400

	// Chance is the most probability with which one release opens a segment that has
	// fewer than MinPeople people, 1e-9 to 0.025. It adds up over releases: for a
	// segment that is counted daily, a year has 365 of them. Optional: 0 is
	// DefaultChance, and the bound is the lower end of the release's interval.
	Chance float64
}

// Check returns ErrConfig for a Config that breaks a rule.
func (c *Config) Check() error {
	switch {
	case c.MinPeople < LeastPeople || c.MinPeople > MostPeople, c.TTLDays < 1 || c.TTLDays > MaxTTLDays,
		c.MaxAgeDays < 1 || c.MaxAgeDays > MaxMaxAgeDays, c.Chance != 0 && !(c.Chance >= leastChance && c.Chance <= DefaultChance):
		return ErrConfig
	}
	return nil
}

// opens and stays are the least lower bounds with which a segment opens, and with
// which one that is open stays so.
func (c *Config) opens() int64 { return int64(c.MinPeople) }
func (c *Config) stays() int64 { return (int64(c.MinPeople) + 1) / 2 }

// margin returns what is taken off a value so that the rest is above the count with
// probability at most Chance.
func (c *Config) margin(sigma float64) (int64, error) {
	chance := c.Chance
	if chance == 0 {
		chance = DefaultChance
	}
	return marginOf(sigma, chance)
}

// marginOf returns the smallest m with P(round(Z) > m) <= chance.
func marginOf(sigma, chance float64) (int64, error) {
	r := new(big.Rat).SetFloat64(sigma)
	if r == nil {
		return 0, ErrNoise
	}
	return accounting.Margin(r, 1-2*chance)
}

// Source says which releases a gate takes.
type Source struct {
	Account  string   // dp.Header.Account of all of them: the population that they count
	Measures []string // dp.Header.Measure: the measures of segment sizes of one purpose
}

func (s *Source) check() error {
	if !contrib.ValidName(s.Account) || len(s.Measures) == 0 {
		return ErrSource
	}
	for _, m := range s.Measures {
		if !contrib.ValidName(m) {
			return ErrSource
		}
	}
	return nil
}

// dayOf reads the day of a release.
func dayOf(text string) (dp.Day, bool) {
	t, err := time.Parse(time.DateOnly, text)
	return dp.Day(t.Unix() / 86400), err == nil && t.Unix() >= 0
}

func textOf(d dp.Day) string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }
