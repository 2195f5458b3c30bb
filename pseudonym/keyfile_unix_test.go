//go:build unix && !solaris && !illumos && !aix

package pseudonym_test

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"github.com/discreet-go/discreet/pseudonym"
)

// Opening a pipe must neither block nor succeed.
func TestOpenKeyFileRefusesPipe(t *testing.T) {
	path := inNew(t)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skip("no pipes here:", err)
	}
	if _, err := pseudonym.OpenKeyFile(path); !errors.Is(err, pseudonym.ErrKeyFileAccess) {
		t.Errorf("pipe: %v", err)
	}
}

func TestOpenKeyFileRefusesOtherOwner(t *testing.T) {
	path := inNew(t)
	if _, err := pseudonym.CreateKeyFile(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(path, os.Geteuid()+1, -1); err != nil {
		t.Skip("may not give files away:", err)
	}
	if _, err := pseudonym.OpenKeyFile(path); !errors.Is(err, pseudonym.ErrKeyFileAccess) {
		t.Errorf("somebody else's file: %v", err)
	}
}
