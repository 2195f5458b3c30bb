package iab

// sextets gives the six bits of each character of base64url (RFC 4648, section
// 5), and 0xff for every other byte.
var sextets = sextetsOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

func sextetsOf(alphabet string) (table [256]uint8) {
	for i := range table {
		table[i] = 0xff
	}
	for i := range len(alphabet) {
		table[alphabet[i]] = uint8(i)
	}
	return table
}

// encoded reports whether all of text is in the alphabet.
func encoded(text string) bool {
	var all uint8
	for len(text) >= 8 {
		all |= sextets[text[0]] | sextets[text[1]] | sextets[text[2]] | sextets[text[3]] |
			sextets[text[4]] | sextets[text[5]] | sextets[text[6]] | sextets[text[7]]
		text = text[8:]
	}
	for i := range len(text) {
		all |= sextets[text[i]]
	}
	return all < 64
}

// bitsAt returns the n bits, at most 48, that begin at bit pos of text, which
// must hold them: six bits a character, most significant first.
func bitsAt(text string, pos, n int) uint64 {
	i := pos / 6
	have := 6 - (pos - 6*i)
	v := uint64(sextets[text[i]]) & (1<<have - 1)
	for have < n {
		i++
		v = v<<6 | uint64(sextets[text[i]]&63)
		have += 6
	}
	return v >> (have - n)
}

// A reader takes bits from a part of a text. Once it was asked for more than
// there is, it gives zeros and short stays set.
type reader struct {
	text     string
	pos, end int // in bits from the beginning of text
	short    bool
}

// readerOf reads the characters from to until of text.
func readerOf(text string, from, until int) reader {
	return reader{text: text, pos: 6 * from, end: 6 * until}
}

func (r *reader) take(n int) uint64 {
	if n > r.end-r.pos {
		r.short, r.pos = true, r.end
		return 0
	}
	v := bitsAt(r.text, r.pos, n)
	r.pos += n
	return v
}

// skip passes over n bits and returns where they began.
func (r *reader) skip(n int) int {
	pos := r.pos
	if n > r.end-r.pos {
		r.short, r.pos = true, r.end
		return pos
	}
	r.pos += n
	return pos
}

// rest reports whether nothing but zero bits is left: padding.
func (r *reader) rest() bool {
	pos := r.pos
	for pos < r.end {
		n := 6 - pos%6
		if bitsAt(r.text, pos, n) != 0 {
			return false
		}
		pos += n
	}
	return true
}

// fibonacci takes a positive integer in Fibonacci coding, the lowest number
// first and a second one bit at the end, or returns 0 when it is above 65535 or
// does not end.
func (r *reader) fibonacci() int {
	sum, last := 0, uint64(0)
	for f, next := 1, 2; f <= 1<<16; f, next = next, f+next {
		bit := r.take(1)
		if r.short {
			return 0
		}
		if bit&last == 1 {
			if sum > 1<<16-1 {
				return 0
			}
			return sum
		}
		if bit == 1 {
			sum += f
		}
		last = bit
	}
	return 0
}
