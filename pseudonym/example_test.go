package pseudonym_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/discreet-go/discreet/pseudonym"
)

// One address, however it is spelled, has one pseudonym for each purpose;
// pseudonyms of two purposes cannot be joined.
func Example() {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := pseudonym.NewDeriver(keys, "acme", []string{"ads", "recommend"})
	if err != nil {
		fmt.Println(err)
		return
	}
	a, _ := d.ID(pseudonym.Email("Jane.Saoirse@example.com"), "ads")
	b, _ := d.ID(pseudonym.Email(" jane.saoirse@EXAMPLE.COM. "), "ads")
	c, _ := d.ID(pseudonym.Email("jane.saoirse@example.com"), "recommend")
	text, _ := a.MarshalText()
	fmt.Println("spelling matters:", a != b)
	fmt.Println("purposes join:", a == c)
	fmt.Println("characters:", len(text))
	// Output:
	// spelling matters: false
	// purposes join: false
	// characters: 32
}

// A Raw prints as a fixed text, also from inside other values.
func ExampleRaw() {
	type event struct{ who pseudonym.Raw }
	raw := pseudonym.Email("jane.saoirse@example.com")
	fmt.Printf("%v %+q %x\n", raw, raw, raw)
	fmt.Println("shows inside:", strings.Contains(fmt.Sprintf("%+v", event{raw}), "jane"))
	// Output:
	// [raw identifier] [raw identifier] [raw identifier]
	// shows inside: false
}

// What is not one address beyond doubt is refused by rule, and the text of the
// error holds no part of it.
func ExampleEmail() {
	keys, _ := pseudonym.NewKeyring()
	d, _ := pseudonym.NewDeriver(keys, "acme", []string{"ads"})
	for _, s := range []string{"jane doe@example.com", "jane", "d41d8cd98f00b204e9800998ecf8427e"} {
		_, err := d.ID(pseudonym.Email(s), "ads")
		fmt.Println(err)
	}
	_, err := d.ID(pseudonym.Raw{}, "ads")
	fmt.Println(errors.Is(err, pseudonym.ErrAnonymous))
	// Output:
	// pseudonym: not an e-mail address: refused character before the @
	// pseudonym: not an e-mail address: not of the form local@domain
	// pseudonym: identifier looks already hashed; Digest takes hashes
	// true
}

// Keys are made once, and the file is never overwritten.
func ExampleCreateKeyFile() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keys")
	made, err := pseudonym.CreateKeyFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = pseudonym.CreateKeyFile(path)
	fmt.Println("again:", err)
	opened, err := pseudonym.OpenKeyFile(path)
	fmt.Println("same keys:", err == nil && opened.Check() == made.Check())
	fmt.Println(opened)
	// Output:
	// again: pseudonym: key file already exists
	// same keys: true
	// [keyring]
}

// A new root once a year: on disk first, then in the service at work. People
// from before are found under the root before.
func ExampleUpdateKeyFile() {
	dir, err := os.MkdirTemp("", "keys")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "keys")
	keys, err := pseudonym.CreateKeyFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := pseudonym.NewDeriver(keys, "acme", []string{"ads"})
	if err != nil {
		fmt.Println(err)
		return
	}
	live, err := pseudonym.NewLive(d)
	if err != nil {
		fmt.Println(err)
		return
	}
	jane := pseudonym.Email("jane@example.com")
	before, _ := live.Deriver().ID(jane, "ads")

	later := keys.Created().AddDate(1, 0, 0)
	fmt.Println("overdue:", len(keys.Overdue(later)))
	keys, err = pseudonym.UpdateKeyFile(path, func(k *pseudonym.Keyring) (*pseudonym.Keyring, error) {
		return k.Rotate(later)
	})
	if err == nil {
		err = live.Swap(keys)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	after, _ := live.Deriver().ID(jane, "ads")
	ids, _ := live.Deriver().AppendCandidates(nil, jane, "ads")
	roots, _ := pseudonym.Inspect(path)
	fmt.Println("same pseudonym:", before == after)
	fmt.Println("candidates:", len(ids), ids[0] == after, ids[1] == before)
	fmt.Println("roots:", roots[0].State, roots[1].State)
	// Output:
	// overdue: 1
	// same pseudonym: false
	// candidates: 2 true true
	// roots: write read
}
