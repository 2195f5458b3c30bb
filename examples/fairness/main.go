// The fairness example takes a job campaign through an audit that it fails, a
// correction, and an audit that it passes:
//
//	go run ./examples/fairness
//
// People are made up. Those who agree to checks of fairness state their sex; what is
// known of them for that stands apart, and leaves in released tables alone. A first
// trial of the campaign reaches few women, so the gate stays closed. A plan of
// correction spends more on pages where women are, and serving follows it without
// knowing who is a woman. The second trial passes, the gate opens, and everything is
// signed as evidence, which is checked from files alone.
//
// With -dir the files stay: store, keys, releases, log of decisions, evidence.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	people := flag.Int("people", 16_000, "how many people to make up, 1,000 to 200,000 `number`")
	dir := flag.String("dir", "", "new or empty `folder` for the files; default: a temporary one")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := inFolder(ctx, *dir, *people); err != nil {
		fmt.Fprintln(os.Stderr, "fairness:", err)
		os.Exit(1)
	}
}

// inFolder tells the story in a folder.
func inFolder(ctx context.Context, dir string, people int) error {
	if people < 1000 || people > 200_000 {
		return errPeople
	}
	if dir == "" {
		temporary, err := os.MkdirTemp("", "discreet-fairness-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	}
	_, err := tell(ctx, dir, people, os.Stdout)
	return err
}
