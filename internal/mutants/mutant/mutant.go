//go:build mutants

package mutant

import "os"

// Variable names the environment variable that selects one planted bug.
const Variable = "DISCREET_MUTANT"

var selected = os.Getenv(Variable)

// On reports whether the planted bug of that name was selected when the
// process began.
func On(name string) bool { return selected == name }
