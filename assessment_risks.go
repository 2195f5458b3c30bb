package discreet

import (
	"fmt"
	"slices"
)

const judgment = Blank + "how likely this is here, how bad for people, what else is done about it, and what is left then"

// risks lists what may happen to people, what the engine does about it, and what
// it leaves. docs/threat-model.md names the test for each.
func (e *Engine) risks(p *Processing) []AssessmentRisk {
	has := func(f func(q ProcessingPurpose) bool) bool { return slices.ContainsFunc(p.Purposes, f) }
	list := []AssessmentRisk{
		{
			Risk: "Somebody learns from published numbers what one person did.",
			Against: append(slices.Clone(p.Release.Words),
				"How much one person can change a number is bounded before it is counted; noise is exact, and is never drawn a second time for the same question.",
				"An item that only one person had is published with a probability of at most delta."),
			Left: []string{
				"Facts about groups are not hidden; that is what a table is for.",
				"A person known under several identifiers is covered as many times as weakly, until they are linked.",
				"Across the border of two windows, two budgets may be spent within a few days.",
			},
		},
		{
			Risk: "Somebody gets a copy of the store.",
			Against: []string{
				"It holds no identifier, no unkeyed hash of one, and no event.",
				"Without the keys, pseudonyms of one person under two purposes cannot be joined.",
			},
			Left: []string{
				"Whether values are sealed depends on the store. Purposes, pseudonyms, and number, size and times of change of rows are seen in any case.",
				"Who can write the store can delete rows unnoticed.",
			},
		},
		{
			Risk: "Somebody gets the keys.",
			Against: []string{
				"Keys turn, and people move to the new one; what was erased is in no profile, whoever reads it.",
			},
			Left: []string{
				"They can compute the pseudonym of everybody whose identifier they guess. What left before a key was turned stays linked.",
			},
		},
		{
			Risk: "Somebody who may operate the service looks at a person without a reason.",
			Against: []string{
				"Access, export and erasure are refused without a name and a reason, and logged before they are done.",
			},
			Left: []string{
				"The log does not say whom it was about, so nobody can be told who looked at them. Who goes round the engine leaves no entry.",
			},
		},
		{
			Risk: "Somebody sends false events, and a person is shown or counted as what that person is not.",
			Against: []string{
				"However much is sent, one person counts within the bounds; repetition changes nothing; dates outside of the consent, in the future or too far back are refused.",
				"A person sees what was recorded by day and category, and can erase it.",
			},
			Left: []string{
				"Whether an event is true, and who may send it, is the service's business.",
			},
		},
		{
			Risk:    "What was erased or withdrawn comes back with an older copy of the store.",
			Against: e.comingBack(),
			Left: []string{
				"Store, checkpoints and journals put back together are not noticed.",
			},
		},
		{
			Risk: "People are profiled against their will, for something else, or for longer than they agreed to.",
			Against: []string{
				"No profile without a recorded yes to that purpose; a no, a withdrawal and an expired consent win over everything, and a refusal is not asked again while it is remembered.",
				"A purpose, a third party, a category of data or a longer time that is added to a notice is asked about, of those whom it concerns.",
				"A withdrawal deletes the profile in the same step, and the person is in no later table.",
			},
			Left: []string{
				"That what a notice says is true, understood and freely agreed to is not known to the engine.",
				"What was published stays published.",
			},
		},
		{
			Risk: "An interest gives away health, belief, politics, origin or sex life.",
			Against: []string{
				"Categories marked sensitive are refused, with all below them, also as the absence of one.",
			},
			Left: []string{
				"An item may be telling whatever its category says; the marks are as good as who set them.",
				"Whoever sees a person's own pages sees what they show.",
			},
		},
	}
	list = append(list, e.fairness()...)
	if has(func(q ProcessingPurpose) bool { return q.Sharing }) {
		list = append(list, AssessmentRisk{
			Risk: "Third parties use what they get for something that the person does not expect.",
			Against: append([]string{
				"Sharing is a purpose of its own, in no bundle, in a notice that names every third party; one that is added is asked about.",
			}, e.gated()...),
			Left: []string{"What they do with it. The engine sends nothing itself."},
		})
	}
	if has(func(q ProcessingPurpose) bool { return q.Advertising }) {
		list = append(list, AssessmentRisk{
			Risk: "Advertising uses somebody's weakness, or reaches children.",
			Against: []string{
				"Advertising is marked as such, is in no bundle with anything else, is not done to whoever is not known to be an adult, and uses no sensitive category.",
				"Nobody is in a segment for advertising whose evidence lies on one day only.",
			},
			Left: []string{"What is advertised. How age is known, and whether it is true."},
		})
	}
	for i := range list {
		list[i].Judgment = judgment
	}
	return list
}

// gated says what is between a segment and a third party, if anything gets there.
func (e *Engine) gated() []string {
	if e.cfg.Audience == nil {
		return nil
	}
	return []string{
		fmt.Sprintf("A segment is named to a third party only if a published count showed at least %d people in it, and while the newest one shows at least half of that, each less a margin.", e.cfg.Audience.MinPeople),
		"Who is in it is told with the consent of that person, by a text that names the third party, under a pseudonym that no other one gets, and after that is recorded.",
		"A person sees to whom what was told; when consent ends, those are named who have to be told.",
	}
}

// comingBack says what the store does about older copies of it.
func (e *Engine) comingBack() (list []string) {
	if e.cfg.sink() != nil {
		list = append(list, "An engine does not open on a store that lacks what the last checkpoint saw.")
	}
	if e.remembersErasures() {
		list = append(list, "Erasures and withdrawals are done again before an older copy opens.")
	}
	if list == nil {
		list = []string{"Nothing: the store has neither checkpoints nor a memory of erasures outside of itself."}
	}
	return list
}

// notCovered is the end of docs/threat-model.md, word for word.
func notCovered() []string {
	return []string{
		"Code in the same process, debuggers, core dumps, swap: whoever reads memory reads keys and profiles.",
		"Whoever sees a person's own pages, rankings or export sees what they show.",
		"Timing on the same machine: how long a count takes grows with the number of people.",
		"Choosing epsilon, bounds or public lists by looking at raw results.",
		"The guarantee is computational: noise and keys come from the operating system's generator and AES-CTR, HMAC-SHA-256 and XChaCha20-Poly1305.",
	}
}
