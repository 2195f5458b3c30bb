package contrib

// ScaledTo scales cells down to a norm.
func ScaledTo(cells []Cell, norm int64) []Cell { return scaled(cells, norm) }
