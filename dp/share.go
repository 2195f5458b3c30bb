package dp

import "github.com/discreet-go/discreet/internal/contrib"

// Planned returns m with that planned share, in (0, 1], whatever share it was
// declared with; so a measure can be declared without one, and package dp/plan sets
// it. A share out of range is an error of [NewSpec].
func Planned(m Measure, share float64) Measure { return contrib.Planned(m, share) }
