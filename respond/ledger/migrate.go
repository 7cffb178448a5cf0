package ledger

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

//go:embed migrations/*/*.sql
var migrations embed.FS

// migrationLock is the key of the advisory lock under which PostgreSQL is migrated. It must never change.
const migrationLock = 0x72656b6579

type migration struct {
	version int
	sql     string
}

// migrationsOf returns a store's migrations in their order. Files are named after their version: 001_ledger.sql.
func migrationsOf(store string) ([]migration, error) {
	dir := path.Join("migrations", store)
	entries, err := fs.ReadDir(migrations, dir)
	if err != nil {
		return nil, err
	}
	list := make([]migration, 0, len(entries))
	for i, entry := range entries {
		text, err := fs.ReadFile(migrations, path.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		number, _, _ := strings.Cut(entry.Name(), "_")
		version, err := strconv.Atoi(number)
		if err != nil || version != i+1 {
			return nil, fmt.Errorf("migration %s is out of order", entry.Name())
		}
		list = append(list, migration{version, string(text)})
	}
	return list, nil
}

const (
	createVersions  = `CREATE TABLE IF NOT EXISTS ledger_versions (version INTEGER PRIMARY KEY)`
	createChecksums = `CREATE TABLE IF NOT EXISTS ledger_checksums (version INTEGER PRIMARY KEY, checksum TEXT NOT NULL)`
)

// errForeign protects a database that was migrated by something else than what this rekey would have run.
var errForeign = errors.New("ledger: this database was migrated by another build of rekey: run that one, or restore a backup from before it")

// VersionError is returned by [OpenStore] for a database that this rekey must not open: one that a newer rekey has upgraded, as
// versions only go forward; or, beside a server, one of an older rekey.
type VersionError struct {
	Have, Known int    // versions of the schema: the database's, and the latest that this rekey knows
	By          string // who upgraded the database, as in "rekey v1.2.3"; "" if not known
	Program     string // this rekey; "" if not known
}

func (e *VersionError) Error() string {
	program, by := cmp.Or(e.Program, "this rekey"), ""
	if e.By != "" {
		by = ", upgraded by " + e.By
	}
	if e.Have < e.Known {
		return fmt.Sprintf("ledger: this database has schema version %d%s, and %s needs %d: start rekey serve of this version once, which upgrades it",
			e.Have, by, program, e.Known)
	}
	return fmt.Sprintf("ledger: this database has schema version %d%s, and %s knows no version after %d: run the newer rekey, or restore a backup from before the upgrade",
		e.Have, by, program, e.Known)
}

// upgradedBy is the key of meta under which the program is that upgraded the database last.
const upgradedBy = "upgraded by"

// checkVersion returns the schema's version, 0 for an empty database, or a [VersionError]. It changes nothing.
func (s *Store) checkVersion(ctx context.Context, q querier, known int) (have int, err error) {
	tables := `SELECT count(*) FROM sqlite_schema WHERE name = 'ledger_versions'`
	if s.pool != nil {
		tables = `SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = 'ledger_versions'`
	}
	var there int
	if _, err := one(ctx, q, []any{&there}, tables); err != nil {
		return 0, err
	}
	if there > 0 {
		if _, err := one(ctx, q, []any{&have}, "SELECT coalesce(max(version), 0) FROM ledger_versions"); err != nil {
			return 0, err
		}
	}
	if have <= known && !(s.beside && have < known) {
		return have, nil
	}
	refused := &VersionError{Have: have, Known: known, Program: s.program}
	if have > 0 {
		_, err = one(ctx, q, []any{&refused.By}, `SELECT value FROM meta WHERE key = $1`, upgradedBy)
	}
	return have, errors.Join(refused, err)
}

// upgrade applies what is missing in one transaction.
func (s *Store) upgrade(ctx context.Context, q querier, list []migration) error {
	have, err := s.checkVersion(ctx, q, len(list))
	if err != nil || s.beside {
		return err
	}
	if _, err := q.exec(ctx, createVersions); err != nil {
		return err
	}
	if err := verify(ctx, q, list[:have]); err != nil {
		return err
	}
	for _, m := range list[have:] {
		if _, err := q.exec(ctx, m.sql); err != nil {
			return fmt.Errorf("migration %d: %w", m.version, err)
		}
		if _, err := q.exec(ctx, "INSERT INTO ledger_versions VALUES ($1)", m.version); err != nil {
			return err
		}
		if err := recordChecksum(ctx, q, m); err != nil {
			return err
		}
	}
	if have == len(list) || s.program == "" {
		return nil
	}
	_, err = q.exec(ctx, `INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
		upgradedBy, s.program)
	return err
}

// checksum is of the migration's text, whatever its line ends are.
func (m migration) checksum() string {
	sum := sha256.Sum256([]byte(strings.ReplaceAll(m.sql, "\r\n", "\n")))
	return hex.EncodeToString(sum[:])
}

// verify compares the migrations that were run with those of this rekey. Those of before there were checksums are taken for
// ours.
func verify(ctx context.Context, q querier, run []migration) error {
	if _, err := q.exec(ctx, createChecksums); err != nil {
		return err
	}
	sums := map[int64]string{}
	err := each(ctx, q, func(scan func(...any) error) error {
		var version int64
		var sum string
		err := scan(&version, &sum)
		sums[version] = sum
		return err
	}, "SELECT CAST(version AS BIGINT), checksum FROM ledger_checksums")
	if err != nil {
		return err
	}
	for _, m := range run {
		switch sum, known := sums[int64(m.version)]; {
		case !known:
			if err := recordChecksum(ctx, q, m); err != nil {
				return err
			}
		case sum != m.checksum():
			return fmt.Errorf("%w (migration %d)", errForeign, m.version)
		}
	}
	return nil
}

func recordChecksum(ctx context.Context, q querier, m migration) error {
	_, err := q.exec(ctx, "INSERT INTO ledger_checksums (version, checksum) VALUES ($1, $2)", m.version, m.checksum())
	return err
}

// migrateSQLite runs under the lock that keeps other servers away. Beside one it only looks. A database that is not ours to open is left as it is.
func (s *Store) migrateSQLite(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("ledger: migrate: %w", err)
		}
	}()
	list, err := migrationsOf("sqlite")
	if err != nil {
		return err
	}
	// Without the lock for writing: a server that writes all the time may leave no moment to take it in the time that SQLite tries.
	err = s.migrating(ctx, &sql.TxOptions{ReadOnly: true}, func(q querier) error {
		_, err := s.checkVersion(ctx, q, len(list))
		return err
	})
	if err != nil {
		return err
	}
	if err := s.queue.Open(ctx, s.DB()); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	if s.beside {
		return nil
	}
	return s.migrating(ctx, nil, func(q querier) error { return s.upgrade(ctx, q, list) })
}

// migrating runs do in a transaction on SQLite.
func (s *Store) migrating(ctx context.Context, opts *sql.TxOptions, do func(querier) error) error {
	tx, err := s.writer.BeginTx(ctx, opts)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(sqliteQuerier{tx: tx, stmts: nil}); err != nil {
		return err
	}
	return tx.Commit()
}

// migratePostgres holds an advisory lock on a connection of its own: River's migrations cannot share a transaction.
func (s *Store) migratePostgres(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("ledger: migrate: %w", err)
		}
	}()
	ctx = slow(ctx)
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	// Closing the connection frees the lock, also when ctx has ended.
	defer func() {
		c := conn.Hijack()
		_ = c.Close(context.WithoutCancel(ctx))
	}()
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0"); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(migrationLock)); err != nil {
		return err
	}
	list, err := migrationsOf("postgres")
	if err != nil {
		return err
	}
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		_, err := s.checkVersion(ctx, pgQuerier{tx}, len(list))
		return err
	})
	if err != nil {
		return err
	}
	if err := s.queue.Open(ctx, s.DB()); err != nil {
		return fmt.Errorf("queue: %w", err)
	}
	return pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, "SET LOCAL statement_timeout = 0"); err != nil {
			return err
		}
		return s.upgrade(ctx, pgMigrator{pgQuerier{tx}}, list)
	})
}

// pgMigrator runs texts of several statements, which pgx's prepared statements cannot hold.
type pgMigrator struct{ pgQuerier }

func (q pgMigrator) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	if len(args) > 0 {
		return q.pgQuerier.exec(ctx, statement, args...)
	}
	tag, err := q.tx.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol)
	return tag.RowsAffected(), err
}
