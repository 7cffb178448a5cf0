package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// A large organisation: what the pages are to show within 50 ms.
const (
	manyRepositories = 5_000
	manyLeaks        = 10_000
	manyDeliveries   = 100_000
	manyScans        = 60_000
)

// many fills a ledger as a large organisation does in some months. Each tenth repository has leaks; most leaks are in few places, some
// in a hundred. The deliveries are of the last thirty days.
func many(tb testing.TB, s *ledger.Store) {
	tb.Helper()
	bytes := func(text string) string { return "CAST(" + text + " AS BLOB)" }
	view := func(ctx context.Context, tx *ledger.Tx) error {
		if tx.Postgres() != nil {
			bytes = func(text string) string { return "convert_to(" + text + ", 'UTF8')" }
		}
		return nil
	}
	if err := s.View(tb.Context(), view); err != nil {
		tb.Fatal(err)
	}
	now := start().UnixMicro()
	ago := func(seconds string) string { return fmt.Sprintf("%d - CAST(%s AS BIGINT) * 1000000", now, seconds) }
	rows := func(n int) string {
		return fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", n)
	}
	const of = ` || 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'` // makes a number as long as a commit's name
	statements := []string{
		`INSERT INTO installations (id, account) VALUES (1, 'acme'), (2, 'initech'), (3, 'hooli')`,
		rows(manyRepositories) + `INSERT INTO repositories (id, installation, owner, name, default_branch, private, archived, backfilled, swept, pushed, history_commits, history_bytes, history_took)
			SELECT 100000000 + i, 1 + i % 3, CASE i % 3 WHEN 0 THEN 'acme' WHEN 1 THEN 'initech' ELSE 'hooli' END, 'service-' || (i * 7919 % 5003), 'main', CASE WHEN i % 10 = 0 THEN 0 ELSE 1 END,
				CASE WHEN i % 20 = 0 THEN 1 ELSE 0 END, CASE WHEN i % 25 = 0 THEN 0 ELSE ` + ago("i * 600") + ` END, CASE WHEN i % 25 = 0 THEN 0 ELSE ` + ago("i * 37") + ` END,
				` + ago("i * 100") + `, i, i * 100000, i * 1000 FROM n`,
		rows(manyRepositories/25) + `INSERT INTO backfills (repository, phase, attempt, started, updated) SELECT 100000000 + i * 25, CASE WHEN i % 9 = 0 THEN 'given up' ELSE 'waiting' END, 1, 1, 1 FROM n`,
		rows(manyRepositories*8) + `INSERT INTO tips (repository, ref, sha, seen) SELECT 100000001 + i % 5000, ` + bytes(`'refs/heads/b' || i`) + `, i` + of + `, ` + ago("i") + ` FROM n`,
		rows(manyScans) + `INSERT INTO scans (repository, head, base, event, ref, pull_number, pusher, commits, blobs, bytes, pack_bytes, duration, skipped, finished, failure)
			SELECT 100000001 + i * 31 % 5000, i` + of + `, '', 'push', ` + bytes("'refs/heads/main'") + `, 0, 'dev-' || (i % 300), 1, 5, 1000, 500, 1, '[]', ` + ago("(60001 - i) * 40") + `, '' FROM n`,
		rows(manyLeaks) + `INSERT INTO leaks (repository, fingerprint, kind, environment, severity, confidence, reasons, redacted, instance, dashboard, variable, browser, state, introduced, detected, closed, closed_by,
				reason, pusher, issue_repository, issue_number, issue_url, first_scan, seen, files_ref)
			SELECT 100000001 + (i * 10) % 5000, 'f' || i` + of + `, CASE i % 7 WHEN 0 THEN 'webhook_secret' ELSE 'secret_key' END, CASE i % 4 WHEN 0 THEN 'live' ELSE 'test' END,
				CASE i % 4 WHEN 0 THEN 'critical' WHEN 1 THEN 'high' ELSE 'medium' END, CASE i % 11 WHEN 0 THEN 'low' ELSE 'high' END, '["42 characters after the prefix"]', 'sk_live_…' || (i * 7 % 9999),
				'clerk.app' || (i % 50) || '.example', 'https://dashboard.example/' || i, 'CLERK_SECRET_KEY', 0, CASE WHEN i % 10 < 3 THEN 'open' WHEN i % 10 < 8 THEN 'revoked' ELSE 'ignored' END,
				` + ago("i * 2000 + 100000") + `, ` + ago("i * 2000") + `, CASE WHEN i % 10 < 3 THEN 0 ELSE ` + ago("i * 1990") + ` END, 'Clerk', 'Clerk no longer accepts the key', 'dev-' || (i % 300),
				100000001 + (i * 10) % 5000, i, 'https://github.example/acme/service/issues/' || i, i, ` + ago("i") + `, ` + bytes("'refs/heads/main'") + ` FROM n`,
		rows(manyLeaks*4) + `INSERT INTO sightings (leak, source, blob_sha, commit_sha, path, member, encoding, line, col, end_line, end_col, author_name, author_email, authored, ref, allowed, first_scan, place)
			SELECT CASE WHEN i % 4 = 0 THEN 1 + i % 100 * 100 ELSE 1 + i % 10000 END, 'blob', i` + of + `, i` + of + `, ` + bytes(`'src/services/module-' || (i % 500) || '/config/file-' || (i % 977) || '.env'`) + `, ` + bytes("''") + `, 'plain', 3, 4, 3, 54, 'Dev', 'dev@example.org', 1,
				` + bytes("'refs/heads/main'") + `, 0, 1 + i % 60000, 'p' || i FROM n`,
		`INSERT INTO leak_paths (leak, paths) SELECT leak, 'src/services/module-' || (min(id) % 500) || '/config/file-' || (max(id) % 977) || '.env' || count(*) FROM sightings GROUP BY leak`,
		rows(manyLeaks*4) + `INSERT INTO scan_sightings (scan, sighting, at_head) SELECT 1 + i % 60000, i, 1 FROM n`,
		rows(manyLeaks*4) + `INSERT INTO checks (repository, head, run_id, conclusion, digest, updated) SELECT c.repository, c.head, i, 'failure', '', c.finished FROM n JOIN scans c ON c.id = i`,
		rows(manyLeaks*2) + `INSERT INTO events (leak, at, actor, from_state, to_state, reason) SELECT 1 + i % 10000, ` + ago("i * 500") + `, CASE WHEN i % 3 = 0 THEN 'Clerk' ELSE 'dev-' || (i % 300) END, 'open', 'revoked', 'Clerk no longer accepts the key' FROM n`,
		rows(manyLeaks*2) + `INSERT INTO activity (at, actor, kind, what, detail, repository, leak) SELECT ` + ago("i * 500 + 10") + `, 'dev-' || (i % 300), 'command', 'rotated', '', 100000001 + (i * 10) % 5000, 1 + i % 10000 FROM n`,
		rows(manyDeliveries) + `INSERT INTO deliveries (guid, event, action, installation, repository, received, finished, outcome, body, given_up, recovered)
			SELECT 'guid-' || i` + of + `, 'push', '', 1 + i % 3, 100000001 + i * 31 % 5000, ` + ago("i * 26") + `, CASE WHEN i < 20 THEN 0 ELSE ` + ago("i * 26 - 2") + ` END, CASE WHEN i % 5 = 0 THEN 'ignored: a tag' ELSE 'scanned: 1 commit, nothing found' END, ` + bytes("''") + `,
				CASE WHEN i % 1000 = 0 THEN 1 ELSE 0 END, CASE WHEN i % 500 = 0 THEN 1 ELSE 0 END FROM n`,
		rows(manyRepositories/2) + `INSERT INTO audits (repository, head, at, clerk, manifests, files, findings, gaps, allowed, critical, high, medium, low)
			SELECT 100000000 + i * 2, i` + of + `, ` + ago("i * 60") + `, 1, '', '', '[{"check":"C3","severity":"critical","path":"src/proxy.ts","line":12},{"check":"C23","severity":"medium","path":"Dockerfile","line":2}]', '[]', 0, i % 3, 0, 1, 0 FROM n`,
		rows(manyRepositories*2) + `INSERT INTO audit_packages (repository, root, name, version, locked)
			SELECT 100000002 + i * 2 % 5000, 'apps/' || (i / 2500), CASE i % 3 WHEN 0 THEN '@clerk/nextjs' WHEN 1 THEN '@clerk/backend' ELSE 'next' END, '6.' || (i % 40) || '.0', 1 FROM n`,
		rows(100) + `INSERT INTO gaps (repository, ref, base, head, reasons, at) SELECT 100000000 + i * 20, ` + bytes("''") + `, '', i` + of + `, '["too large"]', 1 FROM n`,
	}
	for _, statement := range statements {
		err := s.Update(tb.Context(), func(ctx context.Context, tx *ledger.Tx) error { return tx.Exec(ctx, statement) })
		if err != nil {
			tb.Fatalf("%v: %s", err, statement)
		}
	}
	err := s.Update(tb.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		if tx.Postgres() == nil {
			return nil // nobody analyses SQLite's
		}
		return tx.Exec(ctx, "ANALYZE")
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func manyIDs(n, step int) (list []int64) {
	for i := 1; i <= n; i++ {
		list = append(list, 100_000_000+int64(i*step))
	}
	return list
}

// BenchmarkViews asks what the pages ask, as the server itself, as a member of a large organisation and as one who sees few
// repositories. Each has 50 ms: go test ./respond/ledger -run=- -bench=Views.
func BenchmarkViews(b *testing.B) {
	viewers := []struct {
		name string
		v    ledger.Visible
	}{
		{"all", ledger.Visible{Everything: true}}, {"5000", ledger.VisibleOnly(manyIDs(manyRepositories, 1)...)}, {"50", ledger.VisibleOnly(manyIDs(50, 100)...)},
	}
	open, none := []respond.State{respond.Open}, ledger.LeakFilter{}
	leaks := func(q ledger.LeakQuery) func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
		return func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			page, err := tx.Leaks(ctx, v, q)
			if err == nil && len(page.Leaks) == 0 {
				err = fmt.Errorf("nothing is found by %+v", q)
			}
			return err
		}
	}
	counts := func(f ledger.LeakFilter) func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
		return func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.LeakCounts(ctx, v, f)
			return err
		}
	}
	queries := []struct {
		name string
		ask  func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error
	}{
		{"overview", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.Overview(ctx, v, 7*24*time.Hour)
			return err
		}},
		{"coverage", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.Coverage(ctx, v, 7*24*time.Hour)
			return err
		}},
		{"deliveries", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.DeliveryHealth(ctx, v)
			return err
		}},
		{"leaks", leaks(ledger.LeakQuery{})},
		{"leaks open", leaks(ledger.LeakQuery{LeakFilter: ledger.LeakFilter{States: open}})},
		{"leaks seen", leaks(ledger.LeakQuery{Order: ledger.BySeen})},
		{"leaks severity", leaks(ledger.LeakQuery{Order: ledger.BySeverity, LeakFilter: ledger.LeakFilter{States: open}})},
		{"leaks repository", leaks(ledger.LeakQuery{Order: ledger.ByRepository, Reverse: true})},
		{"leaks filter", leaks(ledger.LeakQuery{LeakFilter: ledger.LeakFilter{
			Environments: []detect.Environment{detect.Live}, Severities: []detect.Severity{detect.CriticalSeverity}, InDefaultBranch: true,
		}})},
		{"leaks search", leaks(ledger.LeakQuery{LeakFilter: ledger.LeakFilter{Search: "service config"}})},
		{"leaks search path", leaks(ledger.LeakQuery{LeakFilter: ledger.LeakFilter{Search: "file-7"}})},
		{"counts", counts(none)},
		{"counts search", counts(ledger.LeakFilter{Search: "module-7"})},
		{"export page", leaks(ledger.LeakQuery{Limit: 250})},
		{"leak", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.LeakDetail(ctx, v, 101)
			if v.Contains(100001011) {
				return err
			}
			return nil
		}},
		{"repositories", repositoriesBy(ledger.RepositoryQuery{})},
		{"repositories read", repositoriesBy(ledger.RepositoryQuery{Order: ledger.RepositoriesByRead})},
		{"repositories leaks", repositoriesBy(ledger.RepositoryQuery{Order: ledger.RepositoriesByLeaks})},
		{"repositories history", repositoriesBy(ledger.RepositoryQuery{History: []ledger.HistoryState{ledger.HistoryWaiting, ledger.HistoryDone}})},
		{"repositories search", repositoriesBy(ledger.RepositoryQuery{Search: "service-77", WithLeaks: true})},
		{"activity", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.Activity(ctx, v, ledger.ActivityQuery{})
			return err
		}},
		{"activity by", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.Activity(ctx, v, ledger.ActivityQuery{By: "dev-7"})
			return err
		}},
		{"audits", auditsBy(ledger.AuditQuery{})},
		{"audits name", auditsBy(ledger.AuditQuery{Order: ledger.AuditsByName, WithFindings: true})},
		{"audits package", auditsBy(ledger.AuditQuery{Package: "@clerk/nextjs", Version: "6.3.0", Order: ledger.AuditsByTime})},
		{"packages", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.AuditPackages(ctx, v)
			return err
		}},
		{"jobs", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.VisibleJobs(ctx, v)
			return err
		}},
		{"installations", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.InstallationList(ctx, v)
			return err
		}},
		{"progress", func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
			_, err := tx.Progress(ctx, v, 1)
			return err
		}},
	}
	for name, url := range map[string]func(testing.TB) string{"SQLite": ledgertest.SQLite, "PostgreSQL": ledgertest.Postgres} {
		b.Run(name, func(b *testing.B) {
			s, _ := ledgertest.OpenWithClock(b, url(b))
			many(b, s)
			for _, q := range queries {
				for _, viewer := range viewers {
					b.Run(q.name+"/"+viewer.name, func(b *testing.B) {
						least := time.Hour // the machine may do something else meanwhile
						for b.Loop() {
							began := time.Now()
							err := s.View(b.Context(), func(ctx context.Context, tx *ledger.Tx) error { return q.ask(ctx, tx, viewer.v) })
							if err != nil && !strings.Contains(err.Error(), "nothing is found") {
								b.Fatal(err)
							}
							least = min(least, time.Since(began))
						}
						b.ReportMetric(float64(least.Microseconds())/1000, "least-ms")
					})
				}
			}
		})
	}
}

func repositoriesBy(query ledger.RepositoryQuery) func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
	return func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
		_, err := tx.RepositoryList(ctx, v, query)
		return err
	}
}

func auditsBy(query ledger.AuditQuery) func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
	return func(ctx context.Context, tx *ledger.Tx, v ledger.Visible) error {
		_, err := tx.AuditList(ctx, v, query)
		return err
	}
}
