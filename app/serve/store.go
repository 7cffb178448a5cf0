package serve

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// lockWait is for how long another process may hold the data directory: a child that it starts does so for a moment.
const lockWait = time.Second

// openStore opens the ledger. Where another process has it, that fails: whoever restarts rekey stops the old one first.
func openStore(ctx context.Context, cfg config.Config, log *slog.Logger, version string, failed func(ledger.Operation, ledger.Reason)) (*ledger.Store, error) {
	store, err := queue.OpenStore(ctx, ledger.Options{
		URL: cfg.DatabaseURL, Now: time.Now, Log: slog.New(atLeast{log.Handler(), slog.LevelWarn}), LockWait: lockWait,
		OnError: failed, Program: "rekey " + version,
	})
	if err != nil {
		return nil, notOpened(cfg, err)
	}
	return store, nil
}

// notOpened says what to do where the database cannot be opened.
func notOpened(cfg config.Config, err error) error {
	locked, isLocked := errors.AsType[*ledger.LockedError](err)
	switch {
	case errors.Is(err, ledger.ErrFull):
		return fullDisk(cfg)
	case isLocked:
		return &config.Error{
			Setting: "REKEY_DATA", Problem: "is " + cfg.Data + ", which another rekey is using (" + cmp.Or(locked.Holder, "unknown process") + ")",
			Fix: "stop that one, use another directory, or use PostgreSQL for several processes",
		}
	case !strings.Contains(cfg.DatabaseURL, "://"):
		return &config.Error{
			Setting: "REKEY_DATA", Problem: "is " + cfg.Data + ", and the database in it cannot be opened", Fix: oneLine(err),
		}
	}
	return &config.Error{Setting: "REKEY_DATABASE_URL", Problem: "is a database that cannot be opened", Fix: oneLine(err)}
}

// fullDisk says what to do where the database cannot be written.
func fullDisk(cfg config.Config) error {
	if strings.Contains(cfg.DatabaseURL, "://") {
		return &config.Error{Setting: "REKEY_DATABASE_URL", Problem: "is a database whose disk is full", Fix: "free some space there, then start again"}
	}
	return &config.Error{Setting: "REKEY_DATA", Problem: "is " + cfg.Data + ", on a disk that is full", Fix: "free some space there, then start again"}
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
