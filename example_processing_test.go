package discreet_test

import (
	"bytes"
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/memstore"
	"github.com/discreet-go/discreet/pseudonym"
	"github.com/discreet-go/discreet/segment"
)

func ExampleEngine_Processing() {
	keys, err := pseudonym.NewKeyring()
	if err != nil {
		log.Fatal(err)
	}
	engine, err := discreet.Open(context.Background(), discreet.Config{
		Tenant: "shop", Keys: keys, Store: memstore.Volatile(), Taxonomy: segment.Small(), TTLDays: 90,
		Notices: []consent.Notice{notice}, Segments: []segment.Definition{runners},
		Budget: dp.Budget{Epsilon: 1, Delta: 1e-6, WindowDays: 30},
	})
	if err != nil {
		log.Fatal(err)
	}
	p := engine.Processing()
	for _, q := range p.Purposes {
		fmt.Println(q.Title, "-", q.Basis, "-", q.Categories)
		fmt.Println(q.Segments[0].Definition.Name, "-", q.Segments[0].Words[0])
	}
	var text bytes.Buffer
	if err := p.Assessment.WriteText(&text); err != nil {
		log.Fatal(err)
	}
	title, _, _ := strings.Cut(text.String(), "\n")
	fmt.Println(title)
	fmt.Println(p.Controllers[0])
	// Output:
	// Personal pages - consent - [pages you looked at]
	// runners - a score of at least 1 in Sports > Running, where an event counts 1 on its day and half as much every 14 days
	// # Data protection impact assessment: skeleton
	// To be written: who is responsible, and how to reach them; no notice says so
}
