package mutants

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

const guardImport = `import "github.com/discreet-go/discreet/internal/mutants/mutant"`

// ErrEdit is returned for an edit whose text does not occur exactly once.
var ErrEdit = errors.New("mutants: the text of an edit does not occur exactly once in its file")

var packageClause = regexp.MustCompile(`(?m)^package [a-z0-9_]+$`)

// Apply returns the mutated copies of the files of a source tree, by path. They
// hold all mutants of the list, each behind its guard.
func Apply(source fs.FS, list []Mutant) (map[string][]byte, error) {
	edits := map[string][]Edit{}
	for _, m := range list {
		for _, e := range m.Edits {
			edits[e.File] = append(edits[e.File], e)
		}
	}
	out := make(map[string][]byte, len(edits))
	for file, es := range edits {
		text, err := fs.ReadFile(source, file)
		if err != nil {
			return nil, err
		}
		if out[file], err = applyTo(string(text), es); err != nil {
			return nil, fmt.Errorf("mutants: %s: %w", file, err)
		}
	}
	return out, nil
}

func applyTo(text string, edits []Edit) ([]byte, error) {
	type place struct{ from, to int }
	var (
		places  []place
		replace = map[int]string{}
	)
	for _, e := range edits {
		if e.Find == "" || strings.Count(text, e.Find) != 1 {
			return nil, fmt.Errorf("%w: %q", ErrEdit, e.Find)
		}
		at := strings.Index(text, e.Find)
		places = append(places, place{at, at + len(e.Find)})
		replace[at] = e.Replace
	}
	slices.SortFunc(places, func(a, b place) int { return a.from - b.from })
	var b strings.Builder
	end := 0
	for _, p := range places {
		if p.from < end {
			return nil, fmt.Errorf("%w: edits overlap", ErrEdit)
		}
		b.WriteString(text[end:p.from])
		b.WriteString(replace[p.from])
		end = p.to
	}
	b.WriteString(text[end:])
	clause := packageClause.FindString(b.String())
	mutated := strings.Replace(b.String(), clause+"\n", clause+"\n\n"+guardImport+"\n", 1)
	return format.Source([]byte(mutated))
}

// Write puts the mutated copies of the module at root into dir, and returns the
// path of the overlay file to build with.
func Write(root, dir string) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	files, err := Apply(os.DirFS(root), List())
	if err != nil {
		return "", err
	}
	overlay := struct{ Replace map[string]string }{map[string]string{}}
	for file, text := range files {
		to := filepath.Join(dir, strings.ReplaceAll(path.Clean(file), "/", "_"))
		if err := os.WriteFile(to, text, 0o600); err != nil {
			return "", err
		}
		overlay.Replace[filepath.Join(root, filepath.FromSlash(file))] = to
	}
	text, err := json.Marshal(overlay)
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, text, 0o600)
}
