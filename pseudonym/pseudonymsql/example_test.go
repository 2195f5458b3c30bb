package pseudonymsql_test

import (
	"fmt"

	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/pseudonym/pseudonymsql"
)

func ExampleColumn() {
	var id pseudonym.ID
	if err := id.Scan("040000cw0yv5fgywsb71bwnd2gtkp6ak"); err != nil { // from a text column
		fmt.Println(err)
		return
	}
	v, err := pseudonymsql.Column{ID: id}.Value() // for a column of 20 bytes
	fmt.Printf("%v: %d bytes, %v\n", id, len(v.([]byte)), err)
	// Output: pseudonym(key=1): 20 bytes, <nil>
}
