package contrib

// Groups counts, for each group of an attribute and each campaign, the people whom
// the campaign reached and those whom it missed, in cells of their own; with
// outcomes, those with either one apart. It reads what was recorded for audits, and
// no profile. Its noise is always Gaussian: that is what verdicts on fairness know.
type Groups struct {
	Name         string
	Purpose      string
	Attribute    string  // a name; of the groups
	Groups       Public  // values of the attribute
	Campaigns    Public  // what people were or were not exposed to
	Outcomes     bool    // whether each has an outcome, yes or no, of whom it is known
	MaxCampaigns int     // L0: campaigns one person counts in, per release
	Share        float64 // planned part of the window's mu^2, in (0, 1]
}

// IsGroups reports whether a measure is of groups, whatever share was planned for it.
func IsGroups(m Measure) bool {
	switch m := m.(type) {
	case Groups, *Groups:
		return true
	case shared:
		return IsGroups(m.Measure)
	}
	return false
}

func (m Groups) purpose() string { return m.Purpose }

func (m Groups) check([]string) (Spec, error) {
	campaigns, err := keys(m.Campaigns)
	if err != nil {
		return Spec{}, err
	}
	if !ValidName(m.Attribute) {
		return Spec{}, ErrName
	}
	s := Spec{
		Name: m.Name, Purpose: m.Purpose, Kind: KindGroups, Rows: RowsGroups, Groups: m.Groups, Items: campaigns, Outcomes: m.Outcomes,
		Attribute: m.Attribute, MaxSegments: 1, MaxItems: m.MaxCampaigns, MaxPerCell: 1, Noise: Gaussian,
	}
	return s.finish(m.Share)
}
