package dashboard_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// jobs lists what waits in the queue of a kind, as JSON.
func (w *world) jobs(kind string) (list []string) {
	w.Helper()
	rows, err := w.sql.QueryContext(w.Context(), `SELECT json(args) FROM river_job WHERE kind = $1 ORDER BY id`, kind)
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var args string
		if err := rows.Scan(&args); err != nil {
			w.Fatal(err)
		}
		list = append(list, args)
	}
	if err := rows.Err(); err != nil {
		w.Fatal(err)
	}
	return list
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.acme()
	b := w.signedIn("ada")
	b.shows("/", 200, "2 production keys to revoke", "In 5 repositories", "4 of 5", "Median time to revoke", "1 h 9 min", "Median time to revoke by week, from 5 h to 42 min", "Nobody yet", "goes on: 4 of 5", "said that a key is rotated")
	b.shows("/leaks", 200, "6 leaks", ".env.production", "deploy/helm/values.yaml", "acme/site", "/api/v1/leaks.csv?sort=severity&state=open", "Open (6)", "False positive (1)")
	b.shows("/leaks?state=revoked&sort=repository", 200, "3 leaks", "old/config.rb", "with these filters")
	b.shows("/leaks?search=helm", 200, "1 leak", "values.yaml")
	b.shows("/leaks?search=nothing-like-it", 200, "No leak fits")
	b.shows("/leaks?repository=11", 200, "Leaks in acme/shop", "2 leaks")
	b.shows("/leaks?kind=webhook_secret&severity=critical", 200, "1 leak", "clerk.ts") // one step up in a public repository
	b.shows("/leaks/1", 200, "Production secret key", ".env.production:12", w.github.URL()+"/acme/shop/blob/"+sha+"/.env.production#L12", "I rotated it", "Check again", "Close as a false positive", "Rotate it", "What rekey knows", "it still works")
	b.shows("/leaks/7", 200, "Reopen", "Clerk no longer accepts the key", "Closed: Revoked")
	b.shows("/leaks/6", 200, "You can read this repository and not write to it")
	b.shows("/repositories", 200, "5 repositories", "Waiting", "1 part not read", "archived", "1\u202f842")
	b.shows("/repositories?only=unread", 200, "1 repository", "acme/docs")
	b.shows("/audits", 200, "3 repositories that use Clerk", "1 critical", "src/proxy.ts:12", "docs/checks/C3.md", "Nothing found", "2 findings accepted", "Crafted paths pass createRouteMatcher", "as asked for")
	b.shows("/audits?package=@clerk/nextjs&version=7.2.0", 200, "1 repository that uses Clerk", "acme/shop", "@clerk/nextjs 7.2.0 among them")
	b.shows("/audits?search=nothing", 200, "No repository fits")
	b.shows("/audits", 200, "1 repository uses a development instance in production files", "development keys in production")
	b.shows("/audits?only=development", 200, "1 repository that uses Clerk with these filters", "acme/site")
	b.shows("/activity", 200, "had the history scanned again", "answered about a key: it still works", "closed a leak as a false positive")
	b.shows("/activity?people=true", 200, "lee")
	b.shows("/health", 200, "4\u202f321 of 5\u202f000", "none failed", "Active", "The App lacks merge_queues: read")
	b.shows("/health", 200, `<a href="/required-check/1">Require it<span class="hidden"> in acme</span></a>`)
	b.shows("/required-check/1", 200, "Require the check in acme", "gh api --method POST orgs/acme/rulesets --input ruleset.json", `"integration_id": 4711`, "/organizations/acme/settings/rules/new")
	b.shows("/required-check/1/ruleset.json", 200, `"integration_id": 4711`, `"context": "Clerk secret keys"`)
	b.shows("/first-look", 200, "First look at acme", `<span id="read">4</span> of 5`)
	b.shows("/first-look/1", 200, `data-live="/first-look/1/events"`, `<noscript><meta http-equiv="refresh" content="5"></noscript>`)
	b.shows("/first-look/1", 200, `<span id="texts-done">1</span> of 5`, `id="read-issue-comments">`+format.Number(4200)+`<`,
		`id="left-issue-comments">about `+format.Number(12000)+`<`, "Discussions left out in 1 repository: needs Discussions: read.",
		format.Number(2900)+" texts read, issue comments now, about "+format.Number(12000)+" of them left; waits until ")
	for _, path := range []string{"/leaks/999", "/leaks/x", "/nothing", "/first-look/999", "/required-check/999", "/required-check/2/ruleset.json", "/leaks/1/x", "/api/v1/leaks"} {
		b.shows(path, 404, "There is no such page")
	}
	b.shows("/leaks?after=garbage", 400, "First page")
	// A key that an advisory exposes is in no file, and nobody can ask Clerk about it.
	w.exec(`DELETE FROM sightings WHERE leak = 2`)
	w.exec(`UPDATE leaks SET state = 'open', kind = 'exposed_secret_key', environment = '', redacted = 'GHSA-gjxx-92w9-8v8f' WHERE id = 2`)
	b.shows("/leaks/2", 200, "Secret key exposed by advisory", "In no file", "<dt>Advisory</dt><dd><code>GHSA-gjxx-92w9-8v8f</code>", "it takes your word")
	b.shows("/leaks?kind=exposed_secret_key", 200, "1 leak", "exposed by advisory")
}

// TestOthersAreHidden: what is of another organisation is nowhere, and a public repository's leaks take write access.
func TestOthersAreHidden(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.acme()
	kim := w.signedIn("kim")
	paths := []string{"/", "/leaks?state=all", "/repositories", "/audits", "/activity", "/health", "/first-look"}
	for _, path := range paths {
		body := kim.shows(path, 200)
		for _, name := range []string{"initech", "secret-project", "initech.env", "acme/site", "acme/tools", "clerk.ts", ">bill<"} {
			if strings.Contains(body, name) {
				t.Errorf("kim reads %s on %s", name, path)
			}
		}
	}
	kim.shows("/leaks/12", 404, "There is no such page")
	kim.shows("/leaks/3", 404, "There is no such page")
	kim.shows("/leaks?repository=99", 200, "a repository that you don't see", "0 leaks")
	kim.shows("/first-look/2", 404)
	kim.shows("/required-check/2", 404)
	kim.shows("/first-look/2/events", 404)
	if status, _ := kim.post("/leaks/12", url.Values{web.FormField: {tokenOf(kim.shows("/", 200))}, "do": {"rotated"}}); status != 404 {
		t.Errorf("an order about another's leak: %d", status)
	}
	bill := w.signedIn("bill")
	if body := bill.shows("/leaks", 200, "hidden/initech.env", "1 leak"); strings.Contains(body, "acme/") {
		t.Error("bill reads of acme")
	}
}

// TestOrders: a button queues what a comment would ask for, in the name of who pressed it, once.
func TestOrders(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.acme()
	ada, kim := w.signedIn("ada"), w.signedIn("kim")
	token := tokenOf(ada.shows("/leaks/1", 200))
	order := func(b *browser, path, token string, values url.Values, want int, text string) {
		t.Helper()
		values.Set(web.FormField, token)
		if status, body := b.post(path, values); status != want || !strings.Contains(body, text) {
			t.Errorf("%s %v: %d without %q where %d is wanted\n%s", path, values, status, text, want, body)
		}
	}
	do := func(what string) url.Values { return url.Values{"do": {what}, "order": {"page"}} }
	order(ada, "/leaks/1", "guessed", do("rotated"), 403, "out of date")
	order(ada, "/leaks/1", tokenOf(kim.shows("/leaks/1", 200)), do("rotated"), 403, "out of date")
	order(ada, "/leaks/1", token, do("delete"), 400, "no such button")
	order(ada, "/leaks/1", token, url.Values{"do": {"ignore"}, "reason": {"  "}}, 422, "A reason is missing")
	order(ada, "/leaks/6", token, do("rotated"), 403, "write access") // she reads tools
	kimToken := tokenOf(kim.shows("/leaks/1", 200, "takes the role maintain or admin"))
	order(kim, "/leaks/1", kimToken, url.Values{"do": {"ignore"}, "reason": {"old"}}, 403, "maintain or admin")
	if list := w.jobs("order"); len(list) != 0 {
		t.Fatalf("what was refused is queued: %v", list)
	}
	order(ada, "/leaks/1", token, do("rotated"), 200, "rekey checks with Clerk")
	order(ada, "/leaks/1", token, url.Values{"do": {"ignore"}, "reason": {"a <b>fixture</b>"}, "order": {"page"}}, 200, "false positive, in your name")
	order(kim, "/leaks/1", kimToken, url.Values{"do": {"snooze"}, "reason": {"2d"}}, 403, "maintain or admin")
	list := w.jobs("order")
	if len(list) != 2 || !strings.Contains(list[0], `"leak":1,"command":"rotated"`) || !strings.Contains(list[0], `"by":"ada"`) || !strings.Contains(list[1], `fixture`) {
		t.Errorf("queued: %v", list)
	}
}

// TestWhatWaitsIsShown: a request, who may confirm it, a last day, a pause and a reminder are on the leak's page, and in the activity.
func TestWhatWaitsIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.acme()
	ada, kim := w.signedIn("ada"), w.signedIn("kim")
	change := func(event respond.Event, do func(*respond.Leak)) {
		t.Helper()
		ledgertest.Update(t, w.store, func(ctx context.Context, tx *ledger.Tx) error {
			l, err := tx.Leak(ctx, 1)
			if err != nil {
				return err
			}
			do(&l)
			return tx.UpdateLeak(ctx, l, event)
		})
	}
	now := w.Now()
	change(respond.Event{}, func(l *respond.Leak) {
		l.Request = respond.Request{To: respond.Ignored, By: "Kim", At: now, Reason: "a <b>decoy</b>", Until: time.Date(2099, 2, 1, 0, 0, 0, 0, time.UTC)}
		l.Snoozed, l.Reminded = now.Add(time.Hour), now.Add(-time.Hour)
	})
	kim.shows("/leaks/1", 200, "wants to close this", "False positive until", "31 Jan 2099", "a <b>decoy</b>", "It can't be you", "None until", "Last reminder")
	token := tokenOf(ada.shows("/leaks/1", 200, `value="approve"`, "No reminders for 2 days"))
	values := url.Values{"do": {"approve"}, "order": {"page"}, web.FormField: {token}}
	if status, body := ada.post("/leaks/1", values); status != 200 || !strings.Contains(body, "takes your word") {
		t.Errorf("%d %s", status, body)
	}
	if list := w.jobs("order"); len(list) != 1 || !strings.Contains(list[0], `"command":"approve"`) {
		t.Errorf("queued: %v", list)
	}
	until := time.Date(2099, 2, 1, 0, 0, 0, 0, time.UTC)
	step := respond.Event{At: now, By: "kim", From: respond.Open, To: respond.Ignored, Reason: "a decoy", ApprovedBy: "ada", Until: until}
	change(step, func(l *respond.Leak) {
		l.State, l.Closed, l.ClosedBy, l.Reason, l.ApprovedBy, l.Until, l.Request = respond.Ignored, now, "kim", "a decoy", "ada", until, respond.Request{}
	})
	ada.shows("/leaks/1", 200, "confirmed by ada", "31 Jan 2099", "then it opens again")
	ada.shows("/activity", 200, "a decoy, confirmed by ada")
}

func TestScanAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.acme()
	ada := w.signedIn("ada")
	token := tokenOf(ada.shows("/repositories", 200))
	for path, want := range map[string]int{"/repositories/15": 403, "/repositories/99": 404, "/repositories/11": 200} {
		if status, _ := ada.post(path, url.Values{web.FormField: {token}}); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	if list := w.jobs("backfill"); len(list) != 1 || !strings.Contains(list[0], `"repository":11`) {
		t.Errorf("queued: %v", list)
	}
	ada.shows("/activity?people=true&by=ada", 200, "had the history scanned again", "acme/shop")
}

// TestAnInstallationGoes while a page is open: what was on it leads nowhere a moment later.
func TestAnInstallationGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.acme()
	ada := w.signedIn("ada")
	token := tokenOf(ada.shows("/leaks/1", 200))
	w.exec(`UPDATE repositories SET removed = $1 WHERE installation = 1`, w.Now().UnixMicro())
	ada.shows("/leaks/1", 404)
	ada.shows("/", 200, "Nothing is watched yet")
	if status, _ := ada.post("/leaks/1", url.Values{web.FormField: {token}, "do": {"rotated"}}); status != 404 {
		t.Errorf("a button of the open page: %d", status)
	}
	w.may("ada", nil)
	w.pass(6 * time.Minute)
	ada.shows("/leaks/1", 403, "You see no repository that rekey watches")
}

// TestNamesHoldNoMarkup: what strangers choose, as paths, logins and reasons, is text.
func TestNamesHoldNoMarkup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.acme()
	const evil = `<script>alert(1)</script>"onmouseover="x`
	w.exec(`UPDATE leaks SET pusher = $1, reason = $1, variable = $1, instance = $1, closed_by = $1, dashboard = 'javascript:alert(1)', issue_url = 'javascript:alert(2)'`, evil)
	w.exec(`UPDATE sightings SET path = CAST($1 AS BLOB), author_name = $1`, evil)
	w.exec(`UPDATE leak_paths SET paths = $1`, evil)
	w.exec(`UPDATE repositories SET name = $1 WHERE id = 11`, evil)
	w.exec(`UPDATE activity SET actor = $1, detail = $1`, evil)
	w.exec(`UPDATE installations SET account = $1 WHERE id = 1`, evil)
	ada := w.signedIn("ada")
	for _, path := range []string{"/", "/leaks", "/leaks?search=" + url.QueryEscape(evil), "/leaks/1", "/leaks/7", "/repositories", "/audits", "/audits?search=" + url.QueryEscape(evil), "/activity", "/activity?by=" + url.QueryEscape(evil), "/health", "/first-look", "/leaks?repository=11"} {
		_, body := ada.get(path)
		for _, bad := range []string{"<script>alert", `"onmouseover`, `"javascript:`, "onerror="} {
			if strings.Contains(body, bad) {
				t.Errorf("%s holds %s", path, bad)
			}
		}
	}
}

// TestProgressIsSent: a browser that watches gets the numbers, then what changed, and is told to reload in the end.
func TestProgressIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.acme()
	ada := w.signedIn("ada")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, w.front.URL+"/first-look/1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := ada.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("the answer is %s", kind)
	}
	var seen strings.Builder
	until := func(text string) {
		t.Helper()
		for b := make([]byte, 4096); !strings.Contains(seen.String(), text); {
			n, err := answer.Body.Read(b)
			seen.Write(b[:n])
			if err != nil && !strings.Contains(seen.String(), text) { // the last bytes come with the end
				t.Fatalf("%v before %q: %s", err, text, seen.String())
			}
		}
	}
	until(`"read":"4"`)
	err = w.store.Update(ctx, func(ctx context.Context, tx *ledger.Tx) error {
		read := respond.Repository{ID: docs, Installation: 1, Owner: "acme", Name: "docs", DefaultBranch: "main", Private: true, Backfilled: w.Now(), AsOf: w.Now()}
		return errors.Join(tx.UpsertRepository(ctx, read), tx.EndBackfill(ctx, docs))
	})
	if err != nil {
		t.Fatal(err)
	}
	until(`"read":"5"`)
	until(`"texts-done":"1"`)
	w.exec(`DELETE FROM text_histories`)
	w.exec(`INSERT INTO text_histories (repository, started, updated, finished, pending) SELECT id, backfilled + 1, 1, 1, '[]' FROM repositories`)
	until(`"texts-done":"5"`)
	until("event: reload")
}
