package iab

// GPC reads the header Sec-GPC, given as the values of all its lines: the person
// asks not to be sold or shared if one of them is exactly "1". Everything else,
// and no header at all, says nothing, and is no consent.
//
// Source: W3C, "Global Privacy Control", "The Sec-GPC Header Field".
func GPC(values ...string) bool {
	for _, v := range values {
		if v == "1" {
			return true
		}
	}
	return false
}
