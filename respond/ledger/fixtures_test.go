package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
	"github.com/rekey-app/rekey/respond/queue"
)

// testdata has a database of each schema that was released, and of those that the first release may meet: schema-016.sqlite.sql.
// Each has what fill writes, a backfill and a verification that wait. They stay as they are. Before a release,
//
//	go test ./respond/ledger -run TestReleasedSchemas -fixture
//
// writes those of the schema as it is now; PostgreSQL's needs pg_dump.
var writeFixture = flag.Bool("fixture", false, "write testdata/schema-….sql of this version")

// load fills an empty database with a fixture.
func load(t *testing.T, url, file string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.ExecContext(t.Context(), string(text))
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
		return
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), string(text), pgx.QueryExecModeSimpleProtocol)
	if err := errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func storeOf(url string) string {
	if strings.HasPrefix(url, "sqlite://") {
		return "sqlite"
	}
	return "postgres"
}

func fixtures(t *testing.T, url string) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/schema-*." + storeOf(url) + ".sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures of %s (%v)", storeOf(url), err)
	}
	return files
}

// A database of each schema that was released is upgraded, and holds what it held.
func TestReleasedSchemas(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		if *writeFixture {
			dumpFixture(t, url)
		}
		for _, file := range fixtures(t, url) {
			t.Run(filepath.Base(file), func(t *testing.T) {
				url := empty(t, url)
				load(t, url, file)
				holdsWhatItHeld(t, ledgertest.Open(t, ledger.Options{URL: url}))
			})
		}
	})
}

// empty is another empty database of the same store.
func empty(t *testing.T, like string) string {
	t.Helper()
	if storeOf(like) == "sqlite" {
		return ledgertest.SQLite(t)
	}
	return ledgertest.Postgres(t)
}

// holdsWhatItHeld looks for what fill has written.
func holdsWhatItHeld(t *testing.T, s *ledger.Store) {
	t.Helper()
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		leak, err := tx.LeakByFingerprint(ctx, 9, "f1")
		if err != nil || leak.State != respond.Open || leak.Reason != "said so" || leak.Redacted != "sk_live_…a1b2" || !leak.Detected.Equal(start()) {
			t.Errorf("leak: %+v (%v)", leak, err)
		}
		events, err := tx.Events(ctx, leak.ID)
		if err != nil || len(events) != 1 || events[0].By != "mona" {
			t.Errorf("events: %+v (%v)", events, err)
		}
		sightings, err := tx.Sightings(ctx, leak.ID, 10)
		if err != nil || len(sightings) != 2 || sightings[0].Path != observation("f1", 1).Sighting.Path {
			t.Errorf("sightings: %+v (%v)", sightings, err)
		}
		tip, err := tx.Tip(ctx, 9, "refs/heads/main")
		if err != nil || tip != headA {
			t.Errorf("tip: %s (%v)", tip, err)
		}
		check, err := tx.Check(ctx, 9, headA)
		if err != nil || check.RunID != 1 {
			t.Errorf("check: %+v (%v)", check, err)
		}
		push, err := tx.Delivery(ctx, "push 9")
		if err != nil || string(push.Body) != "{}" || !push.Finished.IsZero() {
			t.Errorf("delivery: %+v (%v)", push, err)
		}
		// What waits is done, by the names that it has now; what was done is not done again.
		queued, err := tx.BackfillsQueued(ctx, 7)
		if queued != 1 || err != nil {
			t.Errorf("%d backfills are queued (%v)", queued, err)
		}
		b, err := tx.Backfills(ctx, 7, 10)
		if len(b.List) != 1 || b.List[0].Backfill.Attempt != 1 || err != nil {
			t.Errorf("backfills: %+v (%v)", b, err)
		}
		if n, err := tx.Count(ctx, "river_job WHERE kind = 'verify' AND state = 'available'"); n != 1 || err != nil {
			t.Errorf("%d verifications wait (%v)", n, err)
		}
		once, err := tx.BeginOnce(ctx, "command:9:comment:1", ledger.Lease{Owner: "b"})
		if once.Finished.IsZero() || err != nil {
			t.Errorf("a command is applied again: %+v (%v)", once, err)
		}
		return nil
	})
	if again, err := s.Accept(t.Context(), []ledger.Delivery{{GUID: "push 9", Event: "push"}, {GUID: "deleted 9", Event: "repository"}}); err != nil ||
		again[0] != ledger.Waiting || again[1] != ledger.Done {
		t.Errorf("deliveries that come again: %v (%v)", again, err)
	}
}

// dumpFixture writes the fixture of the schema as it is now.
func dumpFixture(t *testing.T, url string) {
	t.Helper()
	s, err := queue.OpenStore(t.Context(), ledger.Options{URL: url, Now: ledgertest.Start})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, 7, 9, "acme")
	update(t, s, func(ctx context.Context, tx *ledger.Tx) error {
		return errors.Join(
			tx.Exec(ctx, `UPDATE river_job SET state = 'available', finalized_at = NULL WHERE kind = 'delivery'`),
			tx.Enqueue(ctx, job.Backfill{Installation: 7, Repository: 9}, nil),
			tx.Enqueue(ctx, job.Verify{Leak: 1}, nil))
	})
	var version int64
	view(t, s, func(ctx context.Context, tx *ledger.Tx) (err error) {
		version, err = tx.Count(ctx, "ledger_versions")
		return err
	})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var text string
	if path, ok := strings.CutPrefix(url, "sqlite://"); ok {
		text = dumpSQLite(t, path)
	} else {
		out, err := exec.CommandContext(t.Context(), "pg_dump", "--inserts", "--no-owner", "--no-privileges", "--no-comments", url).Output()
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(out)) {
			if line != "\n" && !strings.HasPrefix(line, "--") && !strings.HasPrefix(line, `\`) {
				text += line
			}
		}
	}
	if err := os.WriteFile(fmt.Sprintf("testdata/schema-%03d.%s.sql", version, storeOf(url)), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func dumpSQLite(t *testing.T, path string) string {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list := func(query string) (values []string) {
		rows, err := db.QueryContext(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var s string
			if err := rows.Scan(&s); err != nil {
				t.Fatal(err)
			}
			values = append(values, s)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return values
	}
	const ofTables = ` FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY rowid`
	var b strings.Builder
	for _, statement := range list(`SELECT sql` + ofTables) {
		b.WriteString(statement + ";\n")
	}
	for _, table := range list(`SELECT name` + ofTables) {
		columns := list(`SELECT 'quote(' || name || ')' FROM pragma_table_info('` + table + `') ORDER BY cid`)
		for _, row := range list(`SELECT ` + strings.Join(columns, ` || ', ' || `) + ` FROM "` + table + `"`) {
			b.WriteString("INSERT INTO " + table + " VALUES (" + row + ");\n")
		}
	}
	for _, statement := range list(`SELECT sql FROM sqlite_schema WHERE type <> 'table' AND sql IS NOT NULL ORDER BY rowid`) {
		b.WriteString(statement + ";\n")
	}
	return b.String()
}
