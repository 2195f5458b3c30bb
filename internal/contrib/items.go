package contrib

// ItemTotals counts people of each item within the look-back (MaxPerItem 1), or
// their events, each person's capped at MaxPerItem and weighted by how long ago the
// last one was.
type ItemTotals struct {
	Name         string
	Purpose      string
	Items        Partitions // Public or Discovered
	MaxItems     int        // L0: items one person counts with, per release and kept per window
	MaxPerItem   int        // L-infinity: counted events per person and item; 1 counts people
	LookbackDays int        // an item counts while its last event is at most so many days old
	HalfLifeDays int        // it weighs half as much for every so many days since. Optional
	MaxNorm      int        // L2: a person's whole vector is scaled down to this norm, in events. Optional
	Noise        Law        // of the noise. Optional
	Share        float64    // planned part of the window's mu^2, in (0, 1]
}

// CategoryItems counts, for each category of interest and item, the people who did
// something in the category and had the item, both within the look-back, or their
// events with the item. The category is one of the person's, not that of the item.
type CategoryItems struct {
	Name         string
	Purpose      string
	By           ByCategory
	Items        Partitions // as of ItemTotals
	MaxItems     int
	MaxPerItem   int
	LookbackDays int
	HalfLifeDays int
	MaxNorm      int
	Noise        Law
	Share        float64 // planned part of the window's mu^2, in (0, 1]
}

// ItemPairs adds up, for each pair of public items, how strongly people have both of
// them: each person's vector, 1 for every pair of the items that count, less where
// the older one's last event is long ago, is scaled down to the norm.
type ItemPairs struct {
	Name         string
	Purpose      string
	Items        Public // 2 to 4096; a released list of keys is public
	MaxItems     int    // items one person counts with, 2 to 362; pairs are L0 = MaxItems*(MaxItems-1)/2
	LookbackDays int
	HalfLifeDays int     // a pair weighs half as much for every so many days since its older event. Optional
	MaxNorm      int     // L2 norm of a person's vector. Optional
	Noise        Law     // of the noise. Optional
	Share        float64 // planned part of the window's mu^2, in (0, 1]
}

// Keys lists the items that are there, without numbers: more of them come out than
// of a table of numbers for the same loss. A released list of keys is public from
// then on.
type Keys struct {
	Name         string
	Purpose      string
	MaxItems     int        // L0: items one person counts with, per release and kept per window
	Items        Discovered // with the fewest people a key comes out with
	LookbackDays int        // an item counts while its last event is at most so many days old
	Share        float64    // planned part of the window's mu^2, in (0, 1]
}

func (m ItemTotals) purpose() string    { return m.Purpose }
func (m CategoryItems) purpose() string { return m.Purpose }
func (m ItemPairs) purpose() string     { return m.Purpose }
func (m Keys) purpose() string          { return m.Purpose }

func (m ItemTotals) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindItemTotals, MaxItems: m.MaxItems, MaxPerCell: m.MaxPerItem,
		LookbackDays: m.LookbackDays, HalfLifeDays: m.HalfLifeDays, MaxNorm: m.MaxNorm, Noise: m.Noise,
	}
	return s.finishItems(Everybody{}, m.Items, segments, m.Share)
}

func (m CategoryItems) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindCategoryItems, MaxItems: m.MaxItems, MaxPerCell: m.MaxPerItem,
		LookbackDays: m.LookbackDays, HalfLifeDays: m.HalfLifeDays, MaxNorm: m.MaxNorm, Noise: m.Noise,
	}
	return s.finishItems(m.By, m.Items, segments, m.Share)
}

func (m ItemPairs) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindItemPairs, MaxItems: m.MaxItems, MaxPerCell: 1,
		LookbackDays: m.LookbackDays, HalfLifeDays: m.HalfLifeDays, MaxNorm: m.MaxNorm, Noise: m.Noise,
	}
	return s.finishItems(Everybody{}, m.Items, segments, m.Share)
}

func (m Keys) check(segments []string) (Spec, error) {
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindKeys, MaxItems: m.MaxItems, MaxPerCell: 1, LookbackDays: m.LookbackDays,
	}
	return s.finishItems(Everybody{}, m.Items, segments, m.Share)
}

func (s Spec) finishItems(b By, items Partitions, segments []string, share float64) (Spec, error) {
	if err := s.partition(items); err != nil {
		return Spec{}, err
	}
	return s.finishRows(b, segments, share)
}
