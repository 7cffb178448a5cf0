package ledger

import (
	"context"
	"fmt"
	"strings"

	"github.com/rekey-app/rekey/respond/format"
)

// minSpace is how much must be free on a SQLite database's disk: room for some deliveries of the largest size.
const minSpace = 64 << 20

// Ping returns nil while the store can be used: the database answers, takes what is written, and this process may work. On
// SQLite it does not wait for writers.
func (s *Store) Ping(ctx context.Context) error {
	if p := s.process.Load(); p != nil && p.Alive != nil {
		if err := p.Alive(); err != nil {
			return err
		}
	}
	if s.space != nil {
		free, err := s.space()
		if err == nil && free < minSpace {
			return fmt.Errorf("%w: %s left, at least %s needed", ErrFull, format.Size(free), format.Size(minSpace))
		}
	}
	if err := s.inPlace(); err != nil {
		return err
	}
	if s.full.Load() {
		return s.probe(ctx)
	}
	if s.pool != nil {
		return s.pool.Ping(ctx)
	}
	var n int
	if err := s.reader.QueryRowContext(ctx, "SELECT count(*) FROM meta").Scan(&n); err != nil {
		return fmt.Errorf("ledger: ping: %w", err)
	}
	return nil
}

// probe writes as much as a large delivery after the disk was full. Any write that succeeds says that it is not any more.
func (s *Store) probe(ctx context.Context) error {
	for _, value := range []string{strings.Repeat("x", 1<<20), ""} {
		err := s.Update(ctx, func(ctx context.Context, tx *Tx) error { return tx.SetMeta(ctx, "probe", value) })
		if err != nil {
			return err
		}
	}
	return nil
}

// Space returns how much may still be written to the database's disk, in bytes; false where that is not known.
func (s *Store) Space() (int64, bool) {
	if s.space == nil {
		return 0, false
	}
	free, err := s.space()
	return free, err == nil
}
