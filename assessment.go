package discreet

import (
	"fmt"
	"strings"
)

// Assessment is the skeleton of a data protection impact assessment (Article 35(7)
// of the GDPR): what the engine knows is filled in, and what only people can judge
// begins with [Blank]. It is no assessment until they have.
type Assessment struct {
	Format     string              `json:"format"` // "discreet-assessment/0"
	Parts      []AssessmentPart    `json:"parts"`
	Risks      []AssessmentRisk    `json:"risks"`       // Article 35(7)(c) and (d)
	NotCovered []string            `json:"not_covered"` // what the library never protects, from its threat model
	Decision   []AssessmentHeading `json:"decision"`    // blanks: advice, views, decision, review
}

// AssessmentPart is a part with facts about each subject.
type AssessmentPart struct {
	Title    string              `json:"title"`
	Article  string              `json:"article"`
	Subjects []AssessmentHeading `json:"subjects"`
}

// AssessmentHeading is a subject and what is known of it.
type AssessmentHeading struct {
	Title string   `json:"title"`
	Facts []string `json:"facts"` // a blank is one too
}

// AssessmentRisk is something that may happen to people.
type AssessmentRisk struct {
	Risk     string   `json:"risk"`
	Against  []string `json:"against"` // what the engine does
	Left     []string `json:"left"`    // what remains in spite of it
	Judgment string   `json:"judgment"`
}

// assess makes the skeleton from the record.
func (e *Engine) assess(p *Processing) Assessment {
	return Assessment{
		Format: "discreet-assessment/0",
		Parts: []AssessmentPart{
			{"What is done, and why", "35(7)(a)", []AssessmentHeading{
				{"How it works", []string{
					"An event of a person is recorded if that person agreed to a purpose, under a pseudonym of that purpose. It changes counts by day and category in one profile, and is then gone.",
					"Who is in a segment follows from the profile of that one person, by the rules below; integer arithmetic decides, and nothing is learned from other people's profiles.",
					"A service orders items for one person from that person's profile and from published tables. Published tables are differentially private.",
					"A person can see all that is held, with the rules that hold, take it along, erase an interest or everything, say that something is of no interest, leave a segment, and withdraw.",
				}},
				{"For what", purposeFacts(p)},
				{"Scope", e.scopeFacts(p)},
				{"Context", []string{
					Blank + "the service, how many people it has, how they come to it, and what they expect of it",
					Blank + "whether this is systematic and extensive evaluation of people, or large-scale processing of special categories, so that an assessment is mandatory (Article 35(3))",
				}},
			}},
			{"Whether it is necessary and in proportion", "35(7)(b)", append([]AssessmentHeading{
				{"Lawfulness", []string{
					"Every purpose rests on consent, asked for by itself or in a bundle that was shown, refused as easily, remembered with the exact text, and ended by withdrawing or by its expiry.",
					Blank + "that the service is not refused to who says no, and that consent is otherwise free",
				}},
				{"Data minimisation", []string{
					"No identifier and no event is kept; profiles of two purposes cannot be joined; what no segment, measure or ranking reads is not kept.",
					fmt.Sprintf("%d of the %d categories that the service knows are marked sensitive, and are refused.", e.sensitive(), e.cfg.Taxonomy.Len()),
				}},
				{"Rights of people", []string{
					"Supported by the engine: information (notices), access and explanation, portability, erasure of an interest or of everything, leaving a segment, withdrawal, objection to a purpose.",
					Blank + "how a person asks, how that person is recognised, who answers, and within what time",
					Blank + "whether anything with legal or similarly significant effects follows from a segment alone (Article 22); the engine does not know what is done with its answers",
				}},
			}, necessity(p)...)},
		},
		Risks: e.risks(p), NotCovered: notCovered(),
		Decision: []AssessmentHeading{
			{"Advice of the data protection officer (Article 35(2))", []string{Blank + "the advice, and what followed from it"}},
			{"Views of the people concerned (Article 35(9))", []string{Blank + "whom you asked, what they said, or why you did not ask"}},
			{"Processors and recipients", []string{Blank + "the contracts with everybody named as a recipient"}},
			{"Decision", []string{Blank + "whether what is left is acceptable, or the authority has to be consulted first (Article 36); who decided, and when"}},
			{"Review", []string{Blank + "when this is looked at again; a changed notice, segment, measure or budget changes this document"}},
		},
	}
}

// purposeFacts lists the purposes.
func purposeFacts(p *Processing) (facts []string) {
	for _, q := range p.Purposes {
		fact := q.Title + " (" + q.Key + ")"
		switch {
		case q.Advertising && q.Sharing:
			fact += ", which is advertising and sharing with third parties"
		case q.Advertising:
			fact += ", which is advertising"
		case q.Sharing:
			fact += ", which is sharing with third parties: " + strings.Join(q.ThirdParties, "; ")
		}
		if q.Text != "" {
			fact += ": " + q.Text
		}
		facts = append(facts, fact)
	}
	return facts
}

// scopeFacts says how much is kept of whom.
func (e *Engine) scopeFacts(p *Processing) (facts []string) {
	for _, q := range p.Purposes {
		switch {
		case q.KeptDays == 0 && q.Memberships:
			facts = append(facts, fmt.Sprintf("Under %s the choice is kept, and what was disclosed under it.", q.Key))
			continue
		case q.KeptDays == 0:
			facts = append(facts, fmt.Sprintf("Under %s nothing but the choice itself is kept.", q.Key))
			continue
		case q.Audit != nil:
			facts = append(facts, fmt.Sprintf("Under %s, for %s: %s that people may state, and exposures to %s with their outcomes; %s that may be published.", q.Key,
				count(int64(q.KeptDays), "day"), count(int64(len(q.Audit.Attributes)), "attribute"), count(int64(len(q.Audit.Campaigns)), "campaign"), count(int64(len(q.Measures)), "measure")))
			continue
		}
		facts = append(facts, fmt.Sprintf("Under %s: counts of %s; %s, and %s that may be published.", q.Key,
			count(int64(q.KeptDays), "day"), count(int64(len(q.Segments)), "segment"), count(int64(len(q.Measures)), "measure")))
	}
	return append(facts, "Categories of people, categories of data, recipients and time limits are those of the record of processing.")
}

// necessity asks why each segment and measure is needed.
func necessity(p *Processing) (list []AssessmentHeading) {
	for _, q := range p.Purposes {
		promise := "Promised: kept for at most " + count(int64(q.PromisedDays), "day") + "."
		if len(q.Notices) > 0 {
			promise += " A consent lasts at most " + count(int64(q.ConsentDays), "day") + "."
		} else {
			promise += " No notice asks for it any more; consents that were given before last until they end."
		}
		h := AssessmentHeading{Title: "Purpose " + q.Key, Facts: []string{promise}}
		for _, s := range q.Segments {
			h.Facts = append(h.Facts, fmt.Sprintf("Segment %s, version %d: %s.", s.Definition.Name, s.Definition.Version, strings.Join(s.Words, "; ")))
		}
		for _, m := range q.Measures {
			h.Facts = append(h.Facts, m.words())
		}
		h.Facts = append(h.Facts, Blank+"why this purpose needs these data, segments and measures, and for so long; what was tried with less")
		list = append(list, h)
	}
	return list
}

// sensitive counts the categories that are refused.
func (e *Engine) sensitive() (n int) {
	for _, id := range e.cfg.Taxonomy.IDs() {
		if e.cfg.Taxonomy.Sensitive(id) {
			n++
		}
	}
	return n
}
