package dashboard_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/ledger"
)

func sorted(a access) []int64 { return slices.Sorted(maps.Keys(a)) }

// The repositories of acme's dashboard, and one of another organisation.
const (
	shop, site, billing, docs, tools, secretProject = 11, 12, 13, 14, 15, 99
)

const sha = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

// acme fills the ledger with what an organisation may see in its third month, and one leak of another organisation. The first leak is
// open, in production, with instructions.
func (w *world) acme() {
	w.Helper()
	at := func(ago time.Duration) int64 { return w.Now().Add(-ago).UnixMicro() }
	const day = 24 * time.Hour
	w.exec(`INSERT INTO installations (id, account_id, account) VALUES (1, 5, 'acme'), (2, 6, 'initech')`)
	for _, r := range []struct {
		id                int64
		owner, name       string
		private, archived bool
		read              time.Duration
	}{
		{shop, "acme", "shop", true, false, time.Hour},
		{site, "acme", "site", false, false, 2 * time.Hour},
		{billing, "acme", "billing", true, false, 20 * time.Minute},
		{docs, "acme", "docs", true, false, 0},
		{tools, "acme", "tools", true, true, 3 * time.Hour},
		{secretProject, "initech", "secret-project", true, false, time.Hour},
	} {
		read := int64(0)
		if r.read > 0 {
			read = at(r.read)
		}
		w.private[r.id] = r.private
		installation := 1
		if r.owner != "acme" {
			installation = 2
		}
		w.exec(`INSERT INTO repositories (id, installation, owner, name, default_branch, private, archived, backfilled, swept, pushed, history_commits, history_bytes, history_took)
			VALUES ($1, $2, $3, $4, 'main', $5, $6, $7, $7, $8, 1842, 91234567, 4200000)`, r.id, installation, r.owner, r.name, r.private, r.archived, read, at(4*time.Hour))
	}
	w.exec(`INSERT INTO backfills (repository, phase, attempt, objects, total, started, updated) VALUES ($1, 'reading', 1, 4200, 9000, $2, $2)`, docs, at(time.Minute))
	w.exec(`INSERT INTO text_histories (repository, started, updated, finished, pending, issues, issue_comments, edited, skipped)
		VALUES ($1, $2, $2, $2, '[]', 120, 3400, 31, '["discussions: needs Discussions: read"]')`, billing, at(time.Minute))
	w.exec(`INSERT INTO text_histories (repository, started, updated, pending, cursor, remaining, issues, issue_comments, paused, reason)
		VALUES ($1, $2, $2, '["issue comments","releases"]', 'page=9', 12000, 2100, 800, $3, 'this hour''s requests for texts are used up')`, shop, at(time.Minute), at(-30*time.Minute))
	w.exec(`INSERT INTO gaps (repository, ref, base, head, reasons, at) VALUES ($1, x'', '', $2, '["a file of 3 GiB"]', $3)`, tools, sha, at(9*day))
	for _, a := range []struct {
		id                              int64
		findings, gaps                  string
		allowed, critical, high, medium int
		packages                        []respond.AuditPackage
	}{
		{
			shop, `[{"check":"C3","severity":"critical","path":"src/proxy.ts","line":12,"end_line":12},{"check":"C1","severity":"high","path":".env.example","line":3},{"check":"C23","severity":"medium","path":"deploy/Dockerfile","line":2}]`, `[]`, 0, 1, 1, 1,
			[]respond.AuditPackage{{Name: "@clerk/nextjs", Version: "7.2.0", Locked: true}, {Name: "next", Version: "16.1.0", Locked: true}},
		},
		{site, `[]`, `[]`, 2, 0, 0, 0, []respond.AuditPackage{{Name: "@clerk/nextjs", Version: "7.4.2", Locked: true}}},
		{billing, `[]`, `["web/app.min.js: over a limit of what is read"]`, 0, 0, 0, 0, []respond.AuditPackage{{Name: "@clerk/express", Version: "^2.0.0"}}},
		{secretProject, `[{"check":"C3","severity":"critical","path":"secret/proxy.ts","line":1}]`, `[]`, 0, 1, 0, 0, []respond.AuditPackage{{Name: "@clerk/secret-package", Version: "1.0.0"}}},
	} {
		w.exec(`INSERT INTO audits (repository, head, at, clerk, manifests, files, findings, gaps, allowed, critical, high, medium, low)
			VALUES ($1, $2, $3, 1, '', '', $4, $5, $6, $7, $8, $9, 0)`, a.id, sha, at(time.Hour), a.findings, a.gaps, a.allowed, a.critical, a.high, a.medium)
		for _, p := range a.packages {
			w.exec(`INSERT INTO audit_packages (repository, root, name, version, locked) VALUES ($1, '', $2, $3, $4)`, a.id, p.Name, p.Version, p.Locked)
		}
	}
	w.exec(`UPDATE audits SET development = 2 WHERE repository IN ($1, $2)`, site, secretProject)
	leaks := []struct {
		repository    int64
		kind          detect.Kind
		environment   detect.Environment
		severity      detect.Severity
		path          string
		found, closed time.Duration // ago; closed 0: open
		state         respond.State
		by, reason    string
		responded     bool
	}{
		{shop, detect.SecretKey, detect.Live, "critical", ".env.production", 2 * time.Hour, 0, respond.Open, "", "", false},
		{billing, detect.SecretKey, detect.Live, "critical", "deploy/helm/values.yaml", 3 * day, 0, respond.Open, "", "", true},
		{site, detect.WebhookSecret, "", "high", "src/webhooks/clerk.ts", 9 * day, 0, respond.Open, "", "", true},
		{shop, detect.SecretKey, detect.Test, "medium", "docker-compose.yml", 16 * day, 0, respond.Open, "", "", false},
		{billing, detect.SecretKey, detect.Test, "medium", "test/setup.ts", 44 * day, 0, respond.Open, "", "", false},
		{tools, detect.ClaimURL, "", "low", "README.md", 50 * day, 0, respond.Open, "", "", false},
		{shop, detect.SecretKey, detect.Live, "critical", "scripts/migrate.py", 20 * day, 20*day - 42*time.Minute, respond.Revoked, "Clerk", "Clerk no longer accepts the key", true},
		{site, detect.SecretKey, detect.Live, "critical", ".env", 27 * day, 27*day - 95*time.Minute, respond.Revoked, "Clerk", "Clerk no longer accepts the key", true},
		{billing, detect.SecretKey, detect.Test, "medium", "fixtures/env.test", 33 * day, 30 * day, respond.Ignored, "ada", "a fixture of our tests", true},
		{shop, detect.MachineSecretKey, "", "high", "infra/terraform.tfvars", 41 * day, 38 * day, respond.Resolved, "lee", "rotated by hand", true},
		{tools, detect.SecretKey, detect.Live, "critical", "old/config.rb", 62 * day, 62*day - 5*time.Hour, respond.Revoked, "Clerk", "Clerk no longer accepts the key", true},
		{secretProject, detect.SecretKey, detect.Live, "critical", "hidden/initech.env", 3 * time.Hour, 0, respond.Open, "", "", false},
	}
	for i, l := range leaks {
		id, closed, responded := int64(i+1), int64(0), int64(0)
		if l.closed > 0 {
			closed = at(l.closed)
		}
		if l.responded {
			responded = at(l.found - 10*time.Minute)
		}
		w.exec(`INSERT INTO leaks (id, repository, fingerprint, kind, environment, severity, confidence, reasons, redacted, instance, dashboard, variable, browser, state, introduced, detected,
				responded, closed, closed_by, reason, pusher, asked, answer, issue_repository, issue_number, issue_url, first_scan, seen)
			VALUES ($1, $2, $3, $4, $5, $6, 'high', '["the publishable key of acme-shop is in the same file"]', 'sk_live_…7Qx2', 'clerk.acme.example', 'https://dashboard.clerk.com/last-active?path=api-keys', 'CLERK_SECRET_KEY', 0, $7, $8, $9,
				$10, $11, $12, $13, 'sam', $14, 'alive', $2, $15, $16, 1, $17)`,
			id, l.repository, "fingerprint-"+l.path, string(l.kind), string(l.environment), string(l.severity), string(l.state), at(l.found+day), at(l.found),
			responded, closed, l.by, l.reason, at(l.found-time.Minute), 40+i, w.github.URL()+"/acme/shop/issues/"+string(rune('0'+i%10)), at(l.found/2))
		w.exec(`INSERT INTO sightings (leak, source, blob_sha, commit_sha, path, member, encoding, line, col, end_line, end_col, author_name, author_email, authored, ref, allowed, first_scan, place)
			VALUES ($1, 'blob', $2, $2, CAST($3 AS BLOB), x'', 'plain', 12, 4, 12, 54, 'Sam Lee', 'sam@acme.example', $4, CAST('refs/heads/main' AS BLOB), 0, 1, $5)`,
			id, sha, l.path, at(l.found+day), l.path)
		w.exec(`INSERT INTO leak_paths (leak, paths) VALUES ($1, $2)`, id, l.path)
		if l.closed > 0 {
			w.exec(`INSERT INTO events (leak, at, actor, from_state, to_state, reason) VALUES ($1, $2, $3, 'open', $4, $5)`, id, closed, l.by, string(l.state), l.reason)
		}
	}
	w.exec(`INSERT INTO activity (at, actor, kind, what, detail, repository, leak) VALUES ($1, 'lee', 'command', 'rotated', '', $2, 2), ($3, 'Clerk', 'answer', 'alive', 'asked by lee', $2, 2), ($4, 'ada', 'scan', 'history', '', $5, NULL), ($6, 'bill', 'scan', 'history', '', $7, NULL)`,
		at(50*time.Minute), billing, at(49*time.Minute), at(5*time.Hour), tools, at(time.Hour), secretProject)
	for i := range 40 {
		w.exec(`INSERT INTO deliveries (guid, event, action, installation, repository, received, finished, outcome, body) VALUES ('g' || $1, 'push', '', 1, $2, $3, $3, 'scanned', x'')`, i, shop, at(time.Duration(i)*33*time.Minute))
	}
	err := w.store.Update(w.Context(), func(ctx context.Context, tx *ledger.Tx) error {
		return tx.SaveIssueText(ctx, 1, "Revoke a production secret key", instructions)
	})
	if err != nil {
		w.Fatal(err)
	}
	all := access{shop: "admin", site: "write", billing: "write", docs: "write", tools: "read"}
	w.may("ada", all)
	w.may("kim", access{shop: "write", site: "read", billing: "read"}) // site is public
	w.may("bill", access{secretProject: "admin"})
}

const instructions = `<!-- rekey:leak -->
The production key of **acme.example** is in ` + "`.env.production`" + `, pushed by sam. Treat it as compromised.

## Rotate it

1. Create a new key on [the API keys page](https://dashboard.clerk.com/last-active?path=api-keys), and copy it now.
2. Set it wherever the app reads it:
   ` + "```sh" + `
   fly secrets set CLERK_SECRET_KEY=…
   ` + "```" + `
3. Delete the old key in Clerk, then comment ` + "`/rekey rotated`" + `.

- [ ] The webhook endpoint
- [x] The web app

<details>
<summary>What rekey knows</summary>

| Place | Commit |
| --- | ---: |
| .env.production:12 | 4b825dc |

</details>

<script>alert(1)</script> <img src=x onerror=alert(2)> [bad](javascript:alert(3))
`
