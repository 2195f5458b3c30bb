package contrib

// By says what a table has a row for: [Everybody], [BySegment] or [ByCategory].
type By interface{ by(*Spec) }

// Everybody is one row for all people who did something within the look-back.
type Everybody struct{}

// BySegment is a row for each segment of the purpose.
type BySegment struct {
	Max int // L0: segments one person counts in, per release
}

// ByCategory is a row for each listed category, with everything below it in the
// taxonomy. A person counts in those in which they did something within the
// look-back.
type ByCategory struct {
	Categories Public
	Max        int // L0: categories one person counts in, per release
}

func (Everybody) by(s *Spec) { s.Rows, s.MaxSegments = RowsOne, 1 }
func (b BySegment) by(s *Spec) {
	s.Rows, s.MaxSegments = RowsSegments, b.Max
}
func (b ByCategory) by(s *Spec) {
	s.Rows, s.MaxSegments, s.Categories = RowsCategories, b.Max, b.Categories
}

// rowsBy fills in the rows.
func (s *Spec) rowsBy(b By, segments []string) error {
	if b == nil {
		return ErrBy
	}
	s.Segments = segments
	b.by(s)
	return nil
}
