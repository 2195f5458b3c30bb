package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"

	"github.com/discreet-go/discreet/dp"
	"github.com/discreet-go/discreet/fairness"
)

// write makes a new file that is on disk when write returns, for its owner alone.
func write(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

// decisions is the log of a gate: a file of JSON Lines, each of which is on disk before
// the decision stands.
type decisions struct {
	mu   sync.Mutex
	path string
}

// append is what fairness.GateConfig.Log asks for.
func (l *decisions) append(_ context.Context, d fairness.Decision) error {
	line, err := json.Marshal(d)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	f, err := os.OpenFile(l.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close(), syncFolder(filepath.Dir(l.path)))
}

// syncFolder makes the name of a new file durable.
func syncFolder(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// checkFiles is what somebody from outside does, who has the public keys: it reads the
// evidence and the releases from their files and computes every figure again.
func checkFiles(evidence string, releases []string, verifiers []string) (fairness.Evidence, error) {
	data, err := os.ReadFile(evidence)
	if err != nil {
		return fairness.Evidence{}, err
	}
	e, err := fairness.ReadEvidence(data, verifiers...)
	if err != nil {
		return fairness.Evidence{}, err
	}
	var list []dp.Release
	for _, path := range releases {
		note, err := os.ReadFile(path)
		if err != nil {
			return fairness.Evidence{}, err
		}
		r, err := dp.ReadRelease(note, verifiers...)
		if err != nil {
			return fairness.Evidence{}, err
		}
		list = append(list, r)
	}
	return e, e.Check(list...)
}
