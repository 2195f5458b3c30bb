package main

import (
	"fmt"
	"math/rand/v2"

	"github.com/discreet-go/discreet"
)

// The pages on which the campaign is shown: its placements.
const (
	sports = "page/sports"
	news   = "page/news"
	health = "page/health"
)

// person is somebody made up. What serving may know of a visit is the page and luck.
type person struct {
	email  string
	sex    string // as stated; empty for who states nothing
	agrees bool   // to checks of fairness
	visits []visit
	early  bool // reads in the morning
}

// visit is a visit to a page. luck is where in the lottery of the page it stands: the
// same in both trials, so that only what is spent makes a difference.
type visit struct {
	page string
	luck float64
}

func (p *person) raw() discreet.Raw { return discreet.Email(p.email) }

// visited reports whether the person was on a page.
func (p *person) visited(page string) bool {
	for _, v := range p.visits {
		if v.page == page {
			return true
		}
	}
	return false
}

// makePeople makes people up: the same ones in every run. More men read about sports,
// more women about health. A tenth refuse to be counted, and a twentieth of the others
// do not say what they are.
func makePeople(n int) []person {
	r := rand.New(rand.NewPCG(5, 1))
	chances := map[string]map[string]float64{
		"men":   {sports: 0.60, news: 0.45, health: 0.15},
		"women": {sports: 0.15, news: 0.45, health: 0.60},
	}
	list := make([]person, n)
	for i := range list {
		p := &list[i]
		p.email = fmt.Sprintf("person-%06d@example.com", i)
		p.sex = []string{"men", "women"}[i%2]
		for _, page := range []string{sports, news, health} {
			there, luck := r.Float64() < chances[p.sex][page], r.Float64()
			if there {
				p.visits = append(p.visits, visit{page, luck})
			}
		}
		p.agrees, p.early = r.Float64() >= 0.1, r.Float64() < 0.4
		if r.Float64() < 0.05 {
			p.sex = ""
		}
	}
	return list
}

// delivery is how the campaign is served: for each page the share of visits that are
// shown it. There is no person in it, and no group.
type delivery map[string]float64

// shows decides about one visit.
func (d delivery) shows(v visit) bool { return v.luck < d[v.page] }

// cheapest is what a delivery that asks for the most clicks comes to: nearly everything
// goes to the page where clicks are cheap.
var cheapest = delivery{sports: 0.36, news: 0.10, health: 0.08}
