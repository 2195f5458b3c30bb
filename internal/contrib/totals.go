package contrib

// People counts people who did something within the look-back: all of them
// together, or those of each listed category.
type People struct {
	Name         string
	Purpose      string
	By           By // Everybody or ByCategory; for segments there is SegmentSizes
	LookbackDays int
	MaxNorm      int     // L2: as of SegmentSizes. Optional
	Noise        Law     // of the noise. Optional
	Share        float64 // planned part of the window's mu^2, in (0, 1]
}

// Events adds up the events of people within the look-back, each person's in each
// row capped. Only events in a category count.
type Events struct {
	Name         string
	Purpose      string
	By           By
	MaxEvents    int // L-infinity: events one person counts with in each row
	LookbackDays int
	HalfLifeDays int     // an event weighs half as much for every so many days. Optional
	MaxNorm      int     // L2: a person's whole vector is scaled down to this norm, in events. Optional
	Noise        Law     // of the noise. Optional
	Share        float64 // planned part of the window's mu^2, in (0, 1]
}

// Amount says which amounts are added up, and between which bounds one person's sum
// is taken.
type Amount struct {
	Unit     string // of the events' values, as "EUR": 1 to 16 characters
	Category string // only of events in it or below; "" for all
	Low      int64  // in thousandths of the unit: less counts as this. Profiles hold no amounts below zero, and take no Low below it
	High     int64  // in thousandths of the unit: more counts as this
}

// Sums adds up what events amounted to, each person's sum within the look-back
// taken between bounds.
type Sums struct {
	Name         string
	Purpose      string
	By           By
	Amount       Amount
	LookbackDays int
	Noise        Law     // of the noise. Optional
	Share        float64 // planned part of the window's mu^2, in (0, 1]
}

// Means gives, for each row, the number of people and the sum of what their events
// amounted to, around the middle of the bounds, in one vector with one loss: a mean
// is their quotient. With Denominators only the sums are released, which is less
// noise: the people are those of a release of that measure of segment sizes.
type Means struct {
	Name         string
	Purpose      string
	By           By
	Amount       Amount
	LookbackDays int

	// Denominators names a measure of segment sizes of the same purpose, with the
	// same bound on segments, Gaussian noise, and neither norm nor series, whose releases
	// as of the same day are divided by. A person then counts in the segments that it
	// counts in there, at the same time. Optional; with it By must be BySegment.
	Denominators string

	Share float64 // planned part of the window's mu^2, in (0, 1]
}

func (m People) purpose() string { return m.Purpose }
func (m Events) purpose() string { return m.Purpose }
func (m Sums) purpose() string   { return m.Purpose }
func (m Means) purpose() string  { return m.Purpose }

func (m People) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindPeople, MaxItems: 1, MaxPerCell: 1,
		LookbackDays: m.LookbackDays, MaxNorm: m.MaxNorm, Noise: m.Noise,
	}
	return s.finishRows(m.By, segments, m.Share)
}

func (m Events) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindEvents, MaxItems: 1, MaxPerCell: m.MaxEvents,
		LookbackDays: m.LookbackDays, HalfLifeDays: m.HalfLifeDays, MaxNorm: m.MaxNorm, Noise: m.Noise,
	}
	return s.finishRows(m.By, segments, m.Share)
}

func (m Sums) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindSums, MaxItems: 1,
		LookbackDays: m.LookbackDays, Amount: m.Amount, Noise: m.Noise,
	}
	return s.finishAmounts(m.By, segments, m.Share)
}

func (m Means) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindMeans, MaxItems: 1,
		LookbackDays: m.LookbackDays, Amount: m.Amount, Of: m.Denominators,
	}
	return s.finishAmounts(m.By, segments, m.Share)
}

// finishRows finishes a measure with rows.
func (s Spec) finishRows(b By, segments []string, share float64) (Spec, error) {
	if err := s.rowsBy(b, segments); err != nil {
		return Spec{}, err
	}
	return s.finish(share)
}

// finishAmounts finishes a measure of amounts: one person changes a row by what lies
// between the center and the bound farther from it.
func (s Spec) finishAmounts(b By, segments []string, share float64) (Spec, error) {
	if !s.Amount.valid() {
		return Spec{}, ErrAmount
	}
	low, high := s.Amount.Steps()
	s.MaxPerCell = int(max(s.Center()-low, high-s.Center()))
	return s.finishRows(b, segments, share)
}

// unit reports whether the amount has a unit and, where it names one, a category,
// and no bounds.
func (a Amount) unit() bool {
	return ValidUnit(a.Unit) && (a.Category == "" || ValidKey(a.Category)) && a.Low == 0 && a.High == 0
}

func (a Amount) valid() bool {
	bare := a
	bare.Low, bare.High = 0, 0
	if !bare.unit() || a.Low >= a.High || a.Low < -MaxAmount || a.High > MaxAmount {
		return false
	}
	low, high := a.Steps() // which may be one where both are far from zero
	return low < high
}

// Step returns how many thousandths of its unit one step of an amount is: the least
// with which the range is at most 2^16 steps and no bound is beyond 2^20.
func (a Amount) Step() int64 {
	return max(1, ceilQuo(a.High-a.Low, 1<<16), ceilQuo(max(-a.Low, a.High), 1<<20-1))
}

func ceilQuo(a, b int64) int64 { return (a + b - 1) / b }

// inSteps rounds an amount to steps, halves up.
func (a Amount) inSteps(v int64) int64 {
	step := a.Step()
	n := 2*v + step
	q := n / (2 * step)
	if n%(2*step) < 0 {
		q--
	}
	return q
}

// Steps returns the bounds in steps.
func (a Amount) Steps() (low, high int64) { return a.inSteps(a.Low), a.inSteps(a.High) }

// Center returns what is taken off each person's sum, in steps: the middle of the
// bounds for means, else 0.
func (s *Spec) Center() int64 {
	if s.Kind != KindMeans {
		return 0
	}
	low, high := s.Amount.Steps()
	return low + (high-low)/2
}

// value returns what a person's sum contributes, in steps.
func (s *Spec) value(sum int64) int64 {
	return s.Amount.inSteps(min(max(sum, s.Amount.Low), s.Amount.High)) - s.Center()
}
