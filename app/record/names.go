package record

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

// named is a repository in a log line: people know it by its name, the code by its id. The ledger is asked when a line is
// written, not before.
type named struct {
	store ledger.Scoped[Tx]
	id    int64
}

// Named names a repository in a log line.
func (r *Recorder) Named(repository int64) slog.LogValuer { return named{r.Store, repository} }

// nameWithin bounds how long a log line waits for a name.
const nameWithin = time.Second

// LogValue implements [slog.LogValuer]: owner/name, or the id where the ledger does not know the repository.
func (n named) LogValue() slog.Value {
	if n.id == 0 {
		return slog.StringValue("")
	}
	ctx, cancel := context.WithTimeout(context.Background(), nameWithin)
	defer cancel()
	var r respond.Repository
	err := n.store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		r, err = tx.Repository(ctx, n.id)
		return err
	})
	if err != nil || r.Name == "" {
		return slog.StringValue(fmt.Sprintf("id %d", n.id))
	}
	return slog.StringValue(r.Owner + "/" + r.Name)
}
