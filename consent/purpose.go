package consent

import (
	"strings"

	"github.com/discreet-go/discreet/internal/contrib"
)

// Purpose is what data is used for. Keys are dotted and form a tree:
// "personalize.content" lies under "personalize". A denial flows down the tree,
// a grant does not.
type Purpose struct {
	Key   string `json:"key"`            // 1 to 64 of a-z, 0-9, dash, underscore, in parts separated by dots
	Title string `json:"title"`          // for people, in the notice's locale
	Text  string `json:"text,omitempty"` // for people: why, in plain words

	// Advertising: somebody pays for reaching the person. It is never based on
	// special categories of data, nor done to whoever is not known to be an adult,
	// whatever was agreed to. Opt-outs under the laws of the United States and
	// Global Privacy Control end it.
	Advertising bool `json:"advertising,omitempty"`

	// Sharing: data goes to third parties. That is a purpose of its own, in a
	// notice that names them, and ends as Advertising does.
	Sharing bool `json:"sharing,omitempty"`
}

// ValidPurpose reports whether key can name a purpose.
func ValidPurpose(key string) bool {
	return contrib.ValidName(key) && key[0] != '.' && key[len(key)-1] != '.' && !strings.Contains(key, "..")
}

// parent returns the key one level up, or "".
func parent(key string) string {
	i := strings.LastIndexByte(key, '.')
	if i < 0 {
		return ""
	}
	return key[:i]
}

// under reports whether key is root or lies below it.
func under(key, root string) bool {
	return strings.HasPrefix(key, root) && (len(key) == len(root) || key[len(root)] == '.')
}
