package consent_test

import (
	"fmt"
	"time"

	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/internal/ident"
)

// shop is the notice that the examples and tests show.
func shop() consent.Notice {
	return consent.Notice{
		ID: "shop", Version: 1, Locale: "en",
		Title: "May we tailor this shop to you?",
		Purposes: []consent.Purpose{
			{Key: "personalize.content", Title: "Show what fits you", Text: "We order the pages by what you looked at."},
			{Key: "statistics", Title: "Count what is read"},
		},
		Categories:    []string{"What you view and buy here"},
		Withdrawal:    "Open Settings, then Privacy, and switch it off.",
		RetentionDays: 180,
		ConsentDays:   365,
	}
}

func Example() {
	book, err := consent.NewBook([]consent.Notice{shop()})
	if err != nil {
		panic(err)
	}
	var who consent.Subject = ident.NewSubject(ident.NewID(1, new([16]byte))) // from package pseudonym, in real use
	history, _ := consent.ReadHistory(nil)                                    // a store keeps rows
	june := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	wants := []string{"personalize.content", "statistics"}

	for _, ask := range book.Needs(history, wants, june) {
		fmt.Println("show", ask.Notice, "version", ask.Version, "for", ask.Purposes)
	}
	err = book.Choose(history, consent.Choice{
		Notice: "shop", Version: 1, Locale: "en", Method: "banner",
		Grant: []string{"personalize.content"}, Refuse: []string{"statistics"},
	}, june)
	if err != nil {
		panic(err)
	}
	fmt.Println("still to ask:", len(book.Needs(history, wants, june)))

	decide := func(purpose string, event, now time.Time) consent.Decision {
		return book.Decide(consent.Question{
			Subject: who, Purpose: purpose, History: history, EventTime: event, Now: now,
		})
	}
	fmt.Println("a view, now:", decide("personalize.content", june, june))
	fmt.Println("a view of yesterday:", decide("personalize.content", june.AddDate(0, 0, -1), june))
	fmt.Println("to count it:", decide("statistics", june, june))

	history.Withdraw("personalize", june.AddDate(0, 0, 7)) // and all below it
	fmt.Println("a week later:", decide("personalize.content", june, june.AddDate(0, 0, 7)))
	// Output:
	// show shop version 1 for [personalize.content statistics]
	// still to ask: 0
	// a view, now: allowed: granted
	// a view of yesterday: denied: event-outside-interval
	// to count it: denied: refused
	// a week later: denied: withdrawn
}

func ExampleNotice_Plain() {
	fmt.Print(shop().Plain())
	// Output:
	// May we tailor this shop to you?
	//
	// What we hold
	//   - What you view and buy here
	//
	// Why
	//   - Show what fits you: We order the pages by what you looked at.
	//   - Count what is read
	//   Each only with your consent. You may say no, and take a yes back at any time.
	//
	// For how long
	//   We keep it for at most 180 days.
	//   Your consent ends after 365 days unless you give it again.
	//
	// Who sees it
	//   Nobody outside this service.
	//
	// How to withdraw
	//   Open Settings, then Privacy, and switch it off.
}

// A bundle is agreed to with one tap; sharing is asked for by itself.
func ExampleBundle() {
	n := shop()
	n.Purposes = append(n.Purposes, consent.Purpose{Key: "share", Title: "Share what you buy", Sharing: true})
	n.ThirdParties = []string{"Example Panel Ltd"}
	n.Bundles = []consent.Bundle{{
		Key: "basics", Title: "What this shop needs to know you", Purposes: []string{"personalize.content", "statistics"},
	}}
	book, err := consent.NewBook([]consent.Notice{n})
	if err != nil {
		panic(err)
	}
	history, _ := consent.ReadHistory(nil)
	june := time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)
	ask := book.Needs(history, []string{"personalize.content", "statistics"}, june)[0]
	fmt.Println("ask for", ask.Purposes, "with", ask.Bundle)
	err = book.Choose(history, consent.Choice{Notice: "shop", Version: 1, Locale: "en", Grant: []string{ask.Bundle}}, june)
	fmt.Println("agreed to", history.Open(june), err)
	ask = book.Needs(history, book.Purposes(), june)[0]
	fmt.Printf("ask for %v with %q\n", ask.Purposes, ask.Bundle)
	// Output:
	// ask for [personalize.content statistics] with basics
	// agreed to [personalize.content statistics] <nil>
	// ask for [share] with ""
}
