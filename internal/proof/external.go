package proof

// External draws noise by another library. Package dp/googledp alone makes one, since
// whoever draws sees numbers before noise. The zero External draws nothing.
type External struct {
	module string
	draw   func(ExternalRow) ([]float64, error)
}

// ExternalRow is what one row of a table is drawn from.
type ExternalRow struct {
	Variance bool    // of the numbers; else quantiles of them
	Epsilon  float64 // of all rows together, delta being 0
	Rows     int     // that one person has a number in, at most: one in each
	Span     int64   // numbers are 0 to Span
	Ranks    []int64 // of quantiles, in millionths
	Numbers  []ExternalNumber
}

// ExternalNumber is how many people have a number.
type ExternalNumber struct{ Number, People int64 }

// NewExternal makes an External; module names the library and its version. The
// function returns a quantile for each rank, or a variance. Package dp/googledp alone
// calls it.
func NewExternal(module string, draw func(ExternalRow) ([]float64, error)) External {
	return External{module, draw}
}

// Module names the library that draws, and its version.
func (x External) Module() string { return x.module }

// IsZero reports whether x is the zero External.
func (x External) IsZero() bool { return x.draw == nil }

// Draw draws one row.
func (x External) Draw(r ExternalRow) ([]float64, error) { return x.draw(r) }
