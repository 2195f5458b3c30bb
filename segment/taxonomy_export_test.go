package segment

import "strings"

// TellingPhrases returns, for tests, the phrases that tell, by reason.
func TellingPhrases() map[Reason][]string {
	list := map[Reason][]string{}
	for _, w := range tellingWords {
		list[w.reason] = append(list[w.reason], strings.Split(w.phrases, ",")...)
	}
	return list
}
