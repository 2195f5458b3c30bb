package consent

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
)

// ErrNotice is returned by [ReadNotice] for bytes that are not a notice as
// [Notice.JSON] writes it.
var ErrNotice = errors.New("consent: not a notice in its JSON form, or not with that hash")

const (
	noticeFormat  = "discreet-notice/0"
	maxNoticeJSON = 1 << 25
)

// noticeJSON is the notice as machines read it.
type noticeJSON struct {
	Format string `json:"format"`
	Hash   string `json:"hash"`
	Notice
}

// JSON renders the notice for machines: one object with "format", which is
// "discreet-notice/0", "hash", the [Notice.Hash] in hexadecimal, and the fields of
// Notice under their JSON names, in that order, without white space; what is
// optional and empty is left out. Equal notices are equal bytes, and the bytes may
// stand in a page: angle brackets and ampersands are escaped.
func (n Notice) JSON() ([]byte, error) {
	h := n.Hash()
	return json.Marshal(noticeJSON{noticeFormat, hex.EncodeToString(h[:]), n})
}

// ReadNotice reads what [Notice.JSON] wrote, and nothing else: it checks the rules
// of a notice and the hash, up to 32 MiB. It returns ErrNotice.
func ReadNotice(data []byte) (Notice, error) {
	if len(data) > maxNoticeJSON {
		return Notice{}, ErrNotice
	}
	var v noticeJSON
	if json.Unmarshal(data, &v) != nil || v.check() != nil {
		return Notice{}, ErrNotice
	}
	again, err := v.JSON()
	if err != nil || !bytes.Equal(again, data) {
		return Notice{}, ErrNotice
	}
	return v.Notice, nil
}
