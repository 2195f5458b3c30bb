package discreet

import (
	"fmt"
	"strings"
)

// ProcessingAudit is what is recorded for audits of fairness.
type ProcessingAudit struct {
	Attributes []AuditAttribute `json:"attributes"` // that people may state, with the values there are
	Campaigns  []string         `json:"campaigns"`  // whom they were eligible for, whether they were reached, and what came of it
}

// words says what is recorded, one sentence a subject.
func (a *ProcessingAudit) words() (list []string) {
	for _, k := range a.Attributes {
		list = append(list, fmt.Sprintf("What a person states about %s: %s.", k.Name, strings.Join(k.Values, ", ")))
	}
	return append(list,
		fmt.Sprintf("Of %s: whether a person was eligible, whether it reached them, on which day last, and what came of it.", count(int64(len(a.Campaigns)), "campaign")),
		"No segment, profile or ranking reads this; tables with noise are counted from it.",
		Blank+"whether an attribute is of a special category (Article 9), and that the text which asks says so",
	)
}

// fairness is the risk that groups are left out, and what is done about it here.
func (e *Engine) fairness() []AssessmentRisk {
	r := AssessmentRisk{
		Risk:    "Groups of people are left out, or pay more, because of what segments stand for.",
		Against: []string{"Nothing: this configuration does not measure it."},
		Left:    []string{"A segment may stand for age, sex, origin or income without naming it."},
	}
	room := e.auditRoom()
	if room == nil {
		return []AssessmentRisk{r}
	}
	if len(room.specs) > 0 {
		r.Against = []string{fmt.Sprintf("Of %s it is recorded who was eligible and who was reached, and tables of how many of each group were can be published, with noise.",
			count(int64(len(room.audit.Campaigns())), "campaign"))}
	} else {
		r.Against = []string{"It is recorded who was eligible and who was reached, and no measure counts it."}
	}
	r.Left = append(r.Left, "People count in an audit who agreed to it and state the attribute, and they may differ from the others. What follows from an audit is for people to decide.")
	return []AssessmentRisk{r, {
		Risk: "What people state for audits, of special categories perhaps, is used for something else.",
		Against: []string{
			"It is recorded under a purpose of its own, which a person agrees to by itself, and under a pseudonym that no other row has.",
			"No segment, profile, ranking or export of memberships reads it; a withdrawal deletes it in the same step.",
		},
		Left: []string{"The service knows what it hands in, and may keep it elsewhere."},
	}}
}
