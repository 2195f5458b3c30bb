package segment

// Reencode decodes a row and encodes it again.
func Reencode(row []byte) ([]byte, error) {
	p := new(Profile)
	if err := p.decode(row); err != nil {
		return nil, err
	}
	return p.encode(nil, nil, 0), nil
}

// DecodeAll makes Admit take the way over the decoded row always.
func (r *Rules) DecodeAll() { r.decodeAll = true }

// Table returns the decay factors.
func Table(halfLife, days int) []uint64 { return decayTable(halfLife, days) }

// Limits that tests reach.
const (
	MaxCategories = maxCategories
	MaxMessages   = maxMessages
	MaxPerItem    = maxPerItem
)

// Sizes returns the bytes of the parts of a row: its message ids, its kept
// items, and the rest.
func Sizes(row []byte) (messages, items, rest int) {
	p := new(Profile)
	if err := p.decode(row); err != nil {
		panic(err)
	}
	n := len(p.encode(nil, nil, 0))
	p.messages = nil
	without := len(p.encode(nil, nil, 0))
	p.groups, p.entries = nil, nil
	p.dropCategories()
	rest = len(p.encode(nil, nil, 0))
	return n - without, without - rest, rest
}

// Ages returns a calendar window as ages.
func Ages(c Calendar, asOf Day) (from, to Day) { return c.ages(asOf) }

// Length returns the most days that the window has and how many it looks back.
func Length(c Calendar) (days, back int) { return c.length() }
