package dashboard_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
)

// What a large organisation has. No page may be larger than maxPage bytes.
const (
	benchRepositories = 5_000
	benchLeaks        = 10_000
	maxPage           = 100 << 10
)

// large fills the ledger with a large organisation, all of which ada sees.
func (w *world) large() {
	w.Helper()
	now := w.Now().UnixMicro()
	rows := func(n int) string {
		return fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) ", n)
	}
	w.exec(`INSERT INTO installations (id, account) VALUES (1, 'acme')`)
	w.exec(rows(benchRepositories)+`INSERT INTO repositories (id, installation, owner, name, default_branch, private, archived, backfilled, swept, pushed, history_commits, history_bytes, history_took)
		SELECT 100000000 + i, 1, 'acme', 'service-of-the-department-' || (i * 7919 % 5003), 'main', 1, i % 20 = 0, CASE WHEN i % 25 = 0 THEN 0 ELSE $1 - i * 600000 END, $1 - i * 600000, $1, i, i * 100000, i * 1000 FROM n`, now)
	w.exec(rows(benchRepositories*4)+`INSERT INTO tips (repository, ref, sha, seen) SELECT 100000001 + i % 5000, CAST('refs/heads/b' || i AS BLOB), i, $1 - i FROM n`, now)
	w.exec(rows(benchLeaks)+`INSERT INTO leaks (repository, fingerprint, kind, environment, severity, confidence, reasons, redacted, instance, dashboard, variable, browser, state, introduced, detected, closed, closed_by,
			reason, pusher, issue_repository, issue_number, issue_url, first_scan, seen)
		SELECT 100000001 + (i * 10) % 5000, 'f' || i, CASE i % 7 WHEN 0 THEN 'webhook_secret' ELSE 'secret_key' END, CASE i % 4 WHEN 0 THEN 'live' ELSE 'test' END,
			CASE i % 4 WHEN 0 THEN 'critical' WHEN 1 THEN 'high' ELSE 'medium' END, 'high', '["42 characters after the prefix"]', 'sk_live_…' || (i * 7 % 9999),
			'clerk.app' || (i % 50) || '.example', 'https://dashboard.example/' || i, 'CLERK_SECRET_KEY', 0, CASE WHEN i % 10 < 3 THEN 'open' WHEN i % 10 < 8 THEN 'revoked' ELSE 'ignored' END,
			$1 - i * 2000000000, $1 - i * 700000000, CASE WHEN i % 10 < 3 THEN 0 ELSE $1 - i * 690000000 END, 'Clerk', 'Clerk no longer accepts the key', 'dev-' || (i % 300),
			100000001 + (i * 10) % 5000, i, 'https://github.example/acme/service/issues/' || i, 1, $1 - i FROM n`, now)
	w.exec(rows(benchLeaks*4)+`INSERT INTO sightings (leak, source, blob_sha, commit_sha, path, member, encoding, line, col, end_line, end_col, author_name, author_email, authored, ref, allowed, first_scan, place)
		SELECT CASE WHEN i % 4 = 0 THEN 1 + i % 100 * 100 ELSE 1 + i % 10000 END, 'blob', i, $2, CAST('src/services/module-' || (i % 500) || '/config/file-' || (i % 977) || '.env' AS BLOB), x'', 'plain', 3, 4, 3, 54, 'A Developer', 'dev@example.org', $1,
			CAST('refs/heads/main' AS BLOB), 0, 1, 'p' || i FROM n`, now, sha)
	w.exec(`INSERT INTO leak_paths (leak, paths) SELECT leak, min(CAST(path AS TEXT)) FROM sightings GROUP BY leak`)
	w.exec(rows(benchLeaks*2)+`INSERT INTO activity (at, actor, kind, what, detail, repository, leak) SELECT $1 - i * 500000, 'dev-' || (i % 300), 'command', 'rotated', '', 100000001 + (i * 10) % 5000, 1 + i % 10000 FROM n`, now)
	w.exec(rows(50_000)+`INSERT INTO deliveries (guid, event, action, installation, repository, received, finished, outcome, body)
		SELECT 'guid-' || i, 'push', '', 1, 100000001 + i * 31 % 5000, $1 - i * 26000000, $1 - i * 26000000 + 2, 'scanned', x'' FROM n`, now)
	all := access{}
	for i := int64(1); i <= benchRepositories; i++ {
		all[100_000_000+i], w.private[100_000_000+i] = "write", true
	}
	w.may("ada", all)
}

// BenchmarkPages asks for each page of a large organisation, over HTTP and through the session: go test ./app/dashboard -run=- -bench=Pages.
func BenchmarkPages(b *testing.B) {
	w := newWorld(b)
	w.large()
	ada := w.signedIn("ada")
	for _, path := range []string{"/", "/leaks", "/leaks?state=all&sort=repository", "/leaks?state=all&search=module-77", "/leaks/101", "/repositories", "/repositories?sort=read", "/audits", "/activity", "/health", "/first-look/1"} {
		b.Run(path, func(b *testing.B) {
			var size int64
			for b.Loop() {
				answer, err := ada.Get(w.front.URL + path)
				if err != nil {
					b.Fatal(err)
				}
				size, err = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
				if err != nil || answer.StatusCode != http.StatusOK || size > maxPage {
					b.Fatalf("%d, %d bytes, %v", answer.StatusCode, size, err)
				}
			}
			b.ReportMetric(float64(size), "bytes")
		})
	}
}
