package serve

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/respond/ledger"
)

// openStore opens the ledger. Where another process has it, that is said at once; a restart's old process gets some
// seconds to end.
func openStore(ctx context.Context, cfg config.Config, log *slog.Logger) (*ledger.Store, error) {
	options := ledger.Options{
		URL: cfg.DatabaseURL, Now: time.Now, Log: slog.New(atLeast{log.Handler(), slog.LevelWarn}), LockWait: -1,
	}
	store, err := ledger.OpenStore(ctx, options)
	if errors.Is(err, ledger.ErrLocked) {
		log.WarnContext(ctx, "another rekey uses the data directory; waiting some seconds for it to stop", "directory", cfg.Data)
		options.LockWait = 0
		store, err = ledger.OpenStore(ctx, options)
	}
	switch {
	case errors.Is(err, ledger.ErrFull):
		return nil, fullDisk(cfg)
	case errors.Is(err, ledger.ErrLocked):
		return nil, &config.Error{
			Setting: "REKEY_DATA", Problem: "is " + cfg.Data + ", which another rekey uses",
			Mend: "stop that one, name another directory, or use PostgreSQL (REKEY_DATABASE_URL) for several processes",
		}
	case err != nil && !strings.Contains(cfg.DatabaseURL, "://"):
		return nil, &config.Error{
			Setting: "REKEY_DATA", Problem: "is " + cfg.Data + ", and the database in it cannot be opened", Mend: oneLine(err),
		}
	case err != nil:
		return nil, &config.Error{Setting: "REKEY_DATABASE_URL", Problem: "names a database that cannot be opened", Mend: oneLine(err)}
	}
	return store, nil
}

// fullDisk says what to do where the database cannot be written.
func fullDisk(cfg config.Config) error {
	if strings.Contains(cfg.DatabaseURL, "://") {
		return &config.Error{Setting: "REKEY_DATABASE_URL", Problem: "names a database whose disk is full", Mend: "free some space there, then start again"}
	}
	return &config.Error{Setting: "REKEY_DATA", Problem: "is " + cfg.Data + ", on a disk that is full", Mend: "free some space there, then start again"}
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
