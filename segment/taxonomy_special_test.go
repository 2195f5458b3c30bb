package segment_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/discreet-go/discreet/segment"
)

var listed = []segment.Tree{segment.TreeContent1, segment.TreeContent2, segment.TreeContent3, segment.TreeAudience, segment.TreeTopics}

// Each id of the lists stands once, has a reason, and is one of a published
// edition; what it marks is sensitive there with everything below.
func TestSpecialIDsExist(t *testing.T) {
	for _, tree := range listed {
		missing := map[string]bool{}
		for _, s := range segment.Special(tree) {
			if missing[s.ID] || s.Reason == "" {
				t.Errorf("%s: %s stands twice or without a reason", tree, s.ID)
			}
			missing[s.ID] = true
		}
		if len(missing) == 0 {
			t.Errorf("%s: no list", tree)
		}
		for _, e := range editions {
			later := func(t segment.Tree) bool { return t == segment.TreeContent2 || t == segment.TreeContent3 } // share ids, and the list
			if e.tree != tree && !(later(tree) && later(e.tree)) {
				continue
			}
			tax, _ := e.load(t)
			for _, s := range segment.Special(tree) {
				if !tax.Known(s.ID) {
					continue
				}
				delete(missing, s.ID)
				for _, id := range tax.IDs() {
					if tax.Contains(s.ID, id) && !tax.Sensitive(id) {
						t.Errorf("%s: %s lies below %s", e.file, id, s.ID)
					}
				}
			}
		}
		if len(missing) > 0 {
			t.Errorf("%s: in no edition: %v", tree, slices.Sorted(maps.Keys(missing)))
		}
	}
	if segment.Special("") != nil || segment.Special(segment.TreeAdProduct) != nil || segment.Special("else") != nil {
		t.Error("a list for a tree without one")
	}
}

// flagged returns the ids that a published file of Content flags.
func flagged(t testing.TB, file string) (ids []string) {
	for _, line := range strings.Split(string(source(t, file)), "\n") {
		fields := strings.Split(strings.TrimRight(line, "\r"), "\t")
		if strings.TrimSpace(fields[len(fields)-1]) == "SCD" {
			ids = append(ids, strings.TrimSpace(fields[0]))
		}
	}
	if len(ids) == 0 {
		t.Fatalf("%s flags nothing", file)
	}
	return ids
}

// Whatever edition 2.2 flags is in the list by its id, so that 3.1 blocks it as
// well, where the flag has slipped. 3.x blocks what it flags, but for the rows
// that it flags by mistake, which are harmless in 2.2 too.
func TestFlagsOfContent(t *testing.T) {
	old := flagged(t, "iab/Content Taxonomies/Content Taxonomy 2.2.tsv")
	if len(old) != 64 {
		t.Errorf("2.2 flags %d rows", len(old))
	}
	special := map[string]bool{}
	for _, s := range segment.Special(segment.TreeContent3) {
		special[s.ID] = true
	}
	for _, id := range old {
		if !special[id] {
			t.Errorf("%s is flagged in 2.2 and not in the list", id)
		}
	}
	mistakes := strings.Fields("135 186 197 198 209 212 277 383 406 429 431 443 444 451 452 518 KHPC6A WQC6HR")
	for _, file := range []string{"iab/Content Taxonomies/Content Taxonomy 3.0.tsv", "iab/Content Taxonomies/Content Taxonomy 3.1.tsv"} {
		e := editions[slices.IndexFunc(editions, func(e edition) bool { return e.file == file })]
		tax, _ := e.load(t)
		lost := 0
		flags := flagged(t, file)
		for _, id := range flags {
			// Credit Cards lies below Personal Debt, which is in the list.
			if slices.Contains(mistakes, id) != !tax.Sensitive(id) && id != "406" {
				t.Errorf("%s: %s is flagged; sensitive %v", file, id, tax.Sensitive(id))
			}
			if slices.Contains(mistakes, id) && slices.Contains(old, id) {
				t.Errorf("%s: %s is right in 2.2", file, id)
			}
		}
		for _, id := range old {
			if tax.Known(id) && !tax.Sensitive(id) {
				t.Errorf("%s: %s is allowed", file, id)
			}
			if !slices.Contains(flags, id) {
				lost++
			}
		}
		if lost != 22 {
			t.Errorf("%s lost %d flags", file, lost)
		}
	}
	// What was suggested after a look at both files is blocked too.
	e := editions[slices.IndexFunc(editions, func(e edition) bool { return strings.HasSuffix(e.file, "3.1.tsv") })]
	tax, _ := e.load(t)
	rows := 0
	for i, line := range strings.Split(strings.TrimSpace(string(source(t, "normalized/content_3.1_special_category_suggested.tsv"))), "\n") {
		if id, _, _ := strings.Cut(line, "\t"); i > 0 {
			rows++
			if !tax.Known(id) || !tax.Sensitive(id) {
				t.Errorf("%s is allowed", id)
			}
		}
	}
	if rows != 69 {
		t.Error(rows, "rows")
	}
	for _, id := range []string{"429", "518", "277", "KHPC6A", "209"} { // reptiles, races, homes, westerns, theatre
		if tax.Sensitive(id) {
			t.Errorf("%s is blocked", id)
		}
	}
}

// tells are words, chosen here and apart from those of the library, that a
// special category would be named by.
var tells = []string{
	"health", "medic", "disease", "disorder", "condition", "cancer", "diabet", "pregnan", "birth", "fertil", "disab", "special needs", "allerg", "drug", "pharma",
	"mental", "genetic", "surgery", "vaccin", "symptom", "hospital", "sick", "wellness", "smoking", "weight", "therap",
	"sex", "gay", "lesbian", "dating", "divorce", "marital", "erotic", "single", "gender", "relig", "spiritual", "church", "islam", "christian", "juda", "jewish",
	"hindu", "buddh", "sikh", "atheis", "agnostic", "astrolog", "gospel", "politic", "election", "vote", "union", "labor", "labour", "ethnic", "race ", "racial",
	"ancestry", "genealog", "language", "immigra", "nationalit", "child", "adopt", "crime", "criminal", "weapon", "arms", "terror", "hate", "bail", "prison",
	"debt", "bankrupt", "payday", "welfare", "unemploy", "pawn", "net worth", "alcohol", "tobacco", "gambl", "casino", "lotter", "cigar", "sensitive",
}

// harmless are rows whose name holds one of those words, and that are not
// sensitive all the same, with the reason.
var harmless = map[string]string{
	"Biotech/Biomedical":                       "business news",
	"Health/Lowfat Cooking":                    "recipes",
	"Environmental Safety":                     "letters in another word",
	"Hospitality Industry":                     "letters in another word",
	"Indoor Environmental Quality":             "letters in another word",
	"Developmental Sites":                      "letters in another word",
	"Car Alarms":                               "letters in another word",
	"Science and Laboratory":                   "letters in another word",
	"Outdoor/Lawn Fertilizer/Weed Killer":      "letters in another word",
	"Collaboration & Conferencing Software":    "letters in another word",
	"Healthcare Industry":                      "business news",
	"Pharmaceutical Industry":                  "business news",
	"Biotech and Biomedical Industry":          "business news",
	"Debt Factoring & Invoice Discounting":     "finance of companies",
	"Veterinary Medicine":                      "of animals",
	"Healthy Living":                           "exercise and food; its telling branches are marked",
	"Healthy Cooking and Eating":               "recipes",
	"Celebrity Pregnancy":                      "of celebrities",
	"News and Politics":                        "news at large; politics lies below and is marked",
	"Non-Alcoholic Beverages":                  "the opposite",
	"Language Learning":                        "a new language, not one's own",
	"Programming Languages":                    "of machines",
	"Foreign Language Study":                   "a new language, not one's own",
	"Crime and Mystery Movies":                 "fiction",
	"True Crime":                               "a genre",
	"Thriller, Crime & Mystery Films":          "fiction",
	"Early Childhood Education":                "education at large",
	"Parenting Children Aged 4-11":             "parents, not children",
	"Children's Clothing":                      "bought by parents",
	"Children's Games and Toys":                "bought by parents",
	"Children's Art Supplies":                  "bought by parents",
	"Pet Adoptions":                            "of animals",
	"Air Conditioners":                         "of air",
	"Heating/Ventilation/Air Conditioning":     "of air",
	"Child Internet Safety":                    "parents, not children",
	"Child Care":                               "parents, not children",
	"Childcare":                                "parents, not children",
	"Number of Children":                       "a household",
	"0 Child":                                  "a household",
	"1 Child":                                  "a household",
	"2 Child":                                  "a household",
	"3+ Child":                                 "a household",
	"Adults (no children)":                     "a household",
	"Parents with Children":                    "a household",
	"Grandparents with Children":               "a household",
	"Grandparents, Parents and Children":       "a household",
	"Empty Nest (Adults, Children left home)":  "a household",
	"Single Generation Household":              "a household",
	"Single Family":                            "a kind of house",
	"Gender":                                   "two of its four values tell no more than a salutation; the others are marked",
	"Mid Net Worth":                            "no hardship",
	"High Net Worth":                           "no hardship",
	"Super High Net Worth":                     "no hardship",
	"Weightlifting":                            "a sport",
	"Rugby Union":                              "a sport",
	"Birthday":                                 "a day",
	"Birthdays":                                "a day",
	"Birthdays & Name Days":                    "a day",
	"Gyms and Health Clubs":                    "sport",
	"Gyms & Health Clubs":                      "sport",
	"Health Education & Medical Training":      "a profession",
	"Health & Medical Jobs":                    "a profession",
	"Pharmaceuticals & Biotech":                "business news",
	"Shampoos & Conditioners":                  "of hair",
	"Hair Conditioner":                         "of hair",
	"Environmental Services Industry":          "letters in another word",
	"Healthy Eating":                           "recipes",
	"Wellness":                                 "spas and exercise; its telling branches are marked",
	"Environmental Science and Sustainability": "letters in another word",
	"Land and Farms":                           "letters in another word",
}

// Every row of a known tree whose name holds a telling word is sensitive, or
// harmless for a reason that is written down.
func TestTellingNamesAreSensitive(t *testing.T) {
	used := map[string]bool{}
	for _, e := range editions {
		if e.tree == segment.TreeAdProduct { // has no list
			continue
		}
		tax, _ := e.load(t)
		for _, id := range tax.IDs() {
			name := strings.ToLower(tax.Name(id))
			i := slices.IndexFunc(tells, func(w string) bool { return strings.Contains(name, w) })
			if i < 0 || tax.Sensitive(id) {
				continue
			}
			if _, ok := harmless[tax.Name(id)]; !ok {
				t.Errorf("%s: %s %q is allowed, and says %q", e.file, id, tax.Path(id), tells[i])
			}
			used[tax.Name(id)] = true
		}
	}
	for name := range harmless {
		if !used[name] {
			t.Errorf("%q is no exception", name)
		}
	}
}
