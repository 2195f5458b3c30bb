package mustfail

import (
	"context"

	"github.com/discreet-go/discreet"
)

// The engine takes an identifier only wrapped, so that it does not print.
func record(ctx context.Context, e *discreet.Engine, email string) {
	e.Erase(ctx, email, discreet.Actor{ID: "a", Reason: "b"}) // want: cannot use email
}
