package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/ledger"
)

type backupCommand struct {
	File string `arg:"" help:"The file to write. It must not exist."`

	config.Database `embed:""`
}

// Help is shown by rekey backup --help.
func (backupCommand) Help() string {
	return `Writes a copy of the server's SQLite database while the server runs: one state of it, checked, compact, readable by its owner alone.
PostgreSQL has pg_dump for this.

Examples:

  rekey backup /var/backups/rekey-$(date +%F).db
  docker compose exec rekey rekey backup /data/backup.db

To restore one, stop the server, put the file into an empty data directory as rekey.db, and start the server: it asks GitHub for what
happened since, and does nothing twice. See docs/operate.md.`
}

// Run writes the copy.
func (c backupCommand) Run(ctx context.Context, s streams) error {
	store, err := openBeside(ctx, c.Database, s)
	if err != nil {
		return err
	}
	size, err := store.Backup(ctx, c.File)
	err = errors.Join(err, store.Close())
	switch {
	case errors.Is(err, ledger.ErrNoBackup):
		return errors.New("the database is PostgreSQL: use pg_dump, as docs/operate.md describes")
	case errors.Is(err, fs.ErrExist):
		return fmt.Errorf("%s exists: rekey backup never overwrites a file; give another name", c.File)
	case err != nil:
		return err
	}
	fmt.Fprintf(s.out, "%s: %s, checked\n", c.File, format.Size(size))
	return nil
}
