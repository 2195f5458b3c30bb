package pseudonymsql_test

import (
	"database/sql"
	"database/sql/driver"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/pseudonym/pseudonymsql"
)

var (
	_ driver.Valuer = pseudonymsql.Column{}
	_ sql.Scanner   = new(pseudonymsql.Column)
	_ sql.Scanner   = new(pseudonym.ID)
)

func TestColumn(t *testing.T) {
	k, err := pseudonym.NewKeyring()
	if err != nil {
		t.Fatal(err)
	}
	d, err := pseudonym.NewDeriver(k, "acme", []string{"ads"})
	if err != nil {
		t.Fatal(err)
	}
	id, err := d.ID(pseudonym.Opaque("customer 7"), "ads")
	if err != nil {
		t.Fatal(err)
	}
	v, err := pseudonymsql.Column{ID: id}.Value()
	b, ok := v.([]byte)
	if err != nil || !ok || len(b) != 20 || !driver.IsValue(v) {
		t.Fatalf("Value: %T of %d bytes, %v", v, len(b), err)
	}
	text, _ := id.MarshalText()
	for _, src := range []any{b, text, string(text)} {
		var c pseudonymsql.Column
		var plain pseudonym.ID
		if err := c.Scan(src); err != nil || c.ID != id {
			t.Errorf("Scan of %T: %v, %v", src, c, err)
		}
		if err := plain.Scan(src); err != nil || plain != id {
			t.Errorf("ID.Scan of %T: %v, %v", src, plain, err)
		}
	}
	b[4] ^= 1 // the bytes handed out are a copy
	if again, _ := (pseudonymsql.Column{ID: id}).Value(); again.([]byte)[4] == b[4] {
		t.Error("the value shares memory")
	}
	upper := []byte(text)
	upper[0] = 'O'
	for _, src := range []any{nil, 7, b[:19], string(b), upper, "", make([]byte, 20)} {
		c := pseudonymsql.Column{ID: id}
		if err := c.Scan(src); err == nil || c.ID != id {
			t.Errorf("Scan of a wrong %T: %v", src, err)
		}
	}
	if v, err := (pseudonymsql.Column{}).Value(); err == nil || v != nil {
		t.Errorf("the zero ID is written as %v", v)
	}
	var null sql.Null[pseudonymsql.Column]
	if err := null.Scan(nil); err != nil || null.Valid {
		t.Errorf("NULL: %v", err)
	}
}
