package discreet_test

import (
	"time"

	"github.com/discreet-go/discreet"
	"github.com/discreet-go/discreet/consent"
	"github.com/discreet-go/discreet/discreettest"
	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/segment"
)

// What the tests of this package are made of.
var (
	worldCategories = []string{"sports.running", "books.fiction", "home.kitchen"}
	worldSegments   = []segment.Definition{
		atLeast("runners", "sports.running", 1),
		atLeast("readers", "books", 2),
		atLeast("cooks", "home.kitchen", 1),
	}
	worldMeasures = []dp.Measure{
		dp.SegmentSizes{Name: "sizes", Purpose: discreettest.Purpose, MaxSegments: 2, Share: 0.3},
		dp.SegmentItems{
			Name: "views", Purpose: discreettest.Purpose, Items: dp.Public{"a", "b", "c"},
			MaxSegments: 2, MaxItems: 2, MaxPerItem: 3, LookbackDays: 30, Share: 0.3,
		},
		dp.SegmentItems{
			Name: "found", Purpose: discreettest.Purpose, Items: dp.Discovered{},
			MaxSegments: 2, MaxItems: 3, MaxPerItem: 1, LookbackDays: 30, Share: 0.4,
		},
	}
	agree = discreet.Choice{
		Notice: "personal-pages", Version: 1, Locale: "en", Method: "test",
		Grant: []string{discreettest.Purpose},
	}
	refuse = discreet.Choice{
		Notice: "personal-pages", Version: 1, Locale: "en", Method: "test",
		Refuse: []string{discreettest.Purpose},
	}
)

func atLeast(name, category string, n int) segment.Definition {
	return segment.Definition{
		Name: name, Title: name, Purpose: discreettest.Purpose, Version: 1,
		All: []segment.Predicate{{Frequency: &segment.Frequency{Category: category, AtLeast: n, WithinDays: 60}}},
	}
}

// What the root Example is made of.
var (
	notice = consent.Notice{
		ID: "pages", Version: 1, Locale: "en", Title: "Pages that fit you",
		Text:       "We keep what you look at, under a pseudonym, to put first what you may like.",
		Purposes:   []consent.Purpose{{Key: "personalize", Title: "Personal pages"}},
		Categories: []string{"pages you looked at"}, Withdrawal: "Settings, Privacy, one tap.",
		RetentionDays: 90, ConsentDays: 365,
	}
	runners = segment.Definition{
		Name: "runners", Title: "Runners", Purpose: "personalize", Version: 1,
		All: []segment.Predicate{{Score: &segment.Score{Category: "sports.running", HalfLifeDays: 14, AtLeastMilli: 1000}}},
	}
	yes      = discreet.Choice{Notice: "pages", Version: 1, Locale: "en", Method: "banner", Grant: []string{"personalize"}}
	operator = discreet.Actor{ID: "operator", Reason: "a test"}
	ann, bob = discreet.Email("ann@example.com"), discreet.Email("bob@example.com")
)

func view(who discreet.Raw, category string) discreet.Event {
	return discreet.Event{Who: who, MessageID: "1", Kind: "view", Category: category, Time: time.Now()}
}

// errOf returns the error of a call that ends consent.
func errOf(_ discreet.Ended, err error) error { return err }
