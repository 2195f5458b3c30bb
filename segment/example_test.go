package segment_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/discreet-go/discreet/segment"
)

func ExampleRules_Admit() {
	runners := segment.Definition{
		Name: "runners", Purpose: "personalize", Version: 1, Title: "Runs regularly",
		All: []segment.Predicate{{Frequency: &segment.Frequency{Category: "sports.running", AtLeast: 2, WithinDays: 30, Days: true}}},
	}
	rules, err := segment.NewRules(segment.RulesConfig{
		Purpose: "personalize", Taxonomy: segment.Small(), Definitions: []segment.Definition{runners}, TTLDays: 90,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	g, l := grant(1), link(1) // from a consent decision, and from a pseudonym
	now := moment(0)
	var row []byte
	for _, e := range []segment.Event{
		{MessageID: "1", Category: "sports.running", Time: now.Now.Add(-24 * time.Hour)},
		{MessageID: "2", Category: "sports.running", Time: now.Now},
		{MessageID: "2", Category: "sports.running", Time: now.Now},
		{MessageID: "3", Category: "health.pregnancy", Time: now.Now},
	} {
		var outcome segment.Outcome
		row, outcome, err = rules.Admit(row, g, l, e, now)
		fmt.Println(outcome, err)
	}
	profile, err := segment.ReadProfile(row)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(rules.Explain(profile, now.Now))
	row, err = rules.ForgetCategory(row, "sports")
	fmt.Println(len(row) > 0, err) // message ids stay for seven days
	// Output:
	// admitted <nil>
	// admitted <nil>
	// duplicate <nil>
	// category-sensitive <nil>
	// Purpose personalize, agreed to notice pages version 2, until 2026-11-22.
	// Runs regularly: in
	//   must: Sports > Running: at least 2 days with an event within 30 days; found 2: holds
	// true <nil>
}

func ExampleReadTSV() {
	taxonomy, err := segment.ReadTSV(strings.NewReader(
		"id\tparent_id\tname\tflag\n" +
			"1\t\tWell-being\t\n" +
			"2\t1\tDiagnoses\tsensitive\n" +
			"3\t2\tAllergies\t\n"))
	fmt.Println(taxonomy.Path("3"), taxonomy.Sensitive("3"), err)
	_, err = segment.ReadTSV(strings.NewReader("id\tparent_id\tname\tflag\n1\t2\tA\t\n2\t1\tB\t\n"))
	fmt.Println(err)
	// Output:
	// Well-being > Diagnoses > Allergies true <nil>
	// segment: taxonomy row 2: a node must not be its own ancestor
}

func ExampleParseDefinitions() {
	definitions, err := segment.ParseDefinitions([]byte(`[{
		"name": "cooks", "purpose": "personalize", "version": 1,
		"any": [{"score": {"category": "food", "half_life_days": 14, "at_least_milli": 2500}},
		        {"recency": {"category": "food.cooking", "within_days": 7}}]
	}]`))
	fmt.Println(definitions[0].Name, len(definitions[0].Any), err)
	_, err = segment.ParseDefinitions([]byte(`[{"name": "cooks", "colour": "red"}]`))
	fmt.Println(err)
	// Output:
	// cooks 2 <nil>
	// segment: definitions: byte 27: unknown field: must be a JSON list of definitions, each field once and spelled as documented
}

func ExampleReadIAB() {
	// Stands for the published file, whose flag for special categories has slipped.
	file := strings.NewReader("Relational ID System\t\t\tContent Taxonomy v3.1 Tiered Categories\t\t\t\tExtension\r\n" +
		"Unique ID\tParent\tName\tTier 1\tTier 2\tTier 3\tTier 4\t\r\n" +
		"422\t\tPets\tPets\t\t\t\t\r\n" +
		"429\t422\tReptiles\tPets\tReptiles\t\t\tSCD\r\n" +
		"453\t\tReligion\tReligion\t\t\t\t\r\n" +
		"462\t453\tJudaism\tReligion\tJudaism\t\t\t\r\n" +
		"999\t998\tLost\tLost\t\t\t\t\r\n")
	taxonomy, report, err := segment.ReadIAB(file, segment.TaxonomyOptions{Repair: true})
	fmt.Println(report.Tree, report.Rows, err)
	for _, r := range report.Repairs {
		fmt.Println("row", r.Row, r.Kind)
	}
	for _, id := range taxonomy.IDs() {
		fmt.Println(taxonomy.Path(id), taxonomy.Sensitive(id))
	}
	// Output:
	// iab-content-3 5 <nil>
	// row 7 orphan
	// Pets false
	// Pets > Reptiles false
	// Religion true
	// Religion > Judaism true
	// Lost true
}

func ExampleSuggestMarks() {
	shop, err := segment.ReadTSV(strings.NewReader(
		"id\tparent_id\tname\tflag\n" +
			"10\t\tCare\t\n" +
			"11\t10\tPregnancy and birth\t\n" +
			"12\t10\tSoap\t\n" +
			"20\t\tÉglise et culte\t\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range segment.SuggestMarks(shop) {
		fmt.Println(s.ID, shop.Path(s.ID), s.Reason)
	}
	shop, err = shop.Mark("11", "20") // after somebody looked
	fmt.Println(len(segment.SuggestMarks(shop)), err)
	// Output:
	// 11 Care > Pregnancy and birth health
	// 20 Église et culte belief
	// 0 <nil>
}

func ExampleTaxonomy_WithAliases() {
	taxonomy, err := segment.Small().WithAliases(map[string]string{
		"4711": "sports.running", "jogging": "4711", "4712": "health.mental",
	})
	id, _ := taxonomy.Resolve("jogging")
	top, _ := taxonomy.RollUp("jogging", 1)
	fmt.Println(id, top, taxonomy.Sensitive("4712"), err)
	_, err = taxonomy.WithAliases(map[string]string{"books": "sports"})
	fmt.Println(err)
	// Output:
	// sports.running sports true <nil>
	// segment: alias 1: an alias is 1 to 64 bytes of printable text, and neither a category nor an alias already
}
