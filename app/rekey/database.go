package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// openBeside opens the database of a server, which may run.
func openBeside(ctx context.Context, where config.Database, s streams) (*ledger.Store, error) {
	url, err := where.URL()
	if err != nil {
		return nil, err
	}
	store, err := queue.OpenStore(ctx, ledger.Options{
		URL: url, Beside: true, Now: time.Now, Program: "rekey " + versionName(),
		Log: slog.New(slog.NewTextHandler(s.err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no database %s: give the server's directory with --data or REKEY_DATA, or its database with REKEY_DATABASE_URL", url)
	}
	return store, err
}
