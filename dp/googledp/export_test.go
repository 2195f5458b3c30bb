package googledp

// What tests see and no other code does.
var (
	Drawn      = drawn
	Height     = height
	Resolution = resolution
)

const (
	Module    = module
	Version   = version
	MaxPeople = maxPeople
)
