package contrib

import "errors"

// shared is a measure with another planned share.
type shared struct {
	Measure
	share float64
}

// Planned returns m with that planned share, whatever share it was declared with,
// and also where it was declared without one. Everything else is checked as ever.
func Planned(m Measure, share float64) Measure {
	if s, ok := m.(shared); ok {
		m = s.Measure
	}
	if m == nil {
		return nil
	}
	return shared{m, share}
}

// check rests on this: a Spec that comes with ErrShare is whole but for its share,
// which is checked last.
func (m shared) check(segments []string) (Spec, error) {
	s, err := m.Measure.check(segments)
	if err != nil && !(errors.Is(err, ErrShare) && s.Name != "") {
		return Spec{}, err
	}
	if s.ShareNano, err = ShareNano(m.share); err != nil {
		return Spec{}, err
	}
	return s, nil
}
