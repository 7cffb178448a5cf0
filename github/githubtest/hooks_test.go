package githubtest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v62/github"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/github/webhook"
)

func (b *bundle) asApp() *github.Client {
	b.t.Helper()
	tr, err := ghinstallation.NewAppsTransport(http.DefaultTransport, b.AppID(), b.PrivateKeyPEM())
	if err != nil {
		b.t.Fatal(err)
	}
	c, err := github.NewClient(&http.Client{Transport: tr}).WithEnterpriseURLs(b.APIURL(), b.URL())
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{}))
	ctx := t.Context()
	b.status = http.StatusInternalServerError
	b.push(githubtest.Push{Ref: "refs/heads/lost", SHA: b.first})
	b.status = http.StatusAccepted
	b.SetWebhookURL("http://127.0.0.1:1/nobody")
	b.Ping(ctx)
	b.mu.Lock()
	lost := b.events[0]
	b.mu.Unlock()
	if err := b.Settle(ctx); err != nil {
		t.Fatal(err)
	}

	c := b.asApp()
	var all []*github.HookDelivery
	opt := &github.ListCursorOptions{PerPage: 2}
	for {
		some, resp, err := c.Apps.ListHookDeliveries(ctx, opt)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, some...)
		if opt.Cursor = resp.Cursor; opt.Cursor == "" {
			break
		}
	}
	if len(all) != 3 { // push, check_suite, ping; the installation is months past
		t.Fatalf("%d deliveries, want 3: %v", len(all), all)
	}
	if ping := all[0]; ping.GetEvent() != "ping" || ping.GetStatusCode() != 502 {
		t.Errorf("the newest is %v, want a ping that reached nobody", ping)
	}
	failed := all[2]
	if failed.GetEvent() != "push" || failed.GetStatusCode() != 500 || failed.GetGUID() != lost.header.Get("X-GitHub-Delivery") {
		t.Errorf("the push is %v", failed)
	}
	full, _, err := c.Apps.GetHookDelivery(ctx, failed.GetID())
	if err != nil || len(*full.Request.RawPayload) == 0 || full.Request.Headers["X-Github-Event"] != "push" {
		t.Errorf("full delivery %v, %v", full, err)
	}

	b.SetWebhookURL(full.GetGUID()) // nonsense: nobody
	if _, err := b.Redeliver(ctx, failed.GetID()); err != nil {
		t.Error(err)
	}
	receiver := b.receiver
	b.SetWebhookURL(receiver)
	b.forget()
	// Where the log shows a part, the redelivery has the whole.
	b.EditDeliveries(func(log []githubtest.Delivery) []githubtest.Delivery {
		for i := range log {
			log[i].Shown = []byte(`{"ref":"refs/he`)
		}
		return log
	})
	if _, _, err := c.Apps.RedeliverHookDelivery(ctx, failed.GetID()); err != nil {
		if _, accepted := err.(*github.AcceptedError); !accepted { //nolint:errorlint // go-github returns it bare
			t.Error(err)
		}
	}
	if err := b.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	again := b.forget()
	if len(again) != 1 || again[0].header.Get("X-GitHub-Delivery") != failed.GetGUID() || string(again[0].payload) != string(lost.payload) {
		t.Errorf("redelivered %v", again)
	}
	b.pass(73 * time.Hour)
	if _, err := b.Redeliver(ctx, failed.GetID()); err == nil {
		t.Error("a delivery was redelivered after three days")
	}
}

func TestDeliveryToSlowReceiverEndsWithItsContext(t *testing.T) {
	t.Parallel()
	b := setup(t, githubtest.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if d := b.Ping(ctx); d.OK() || d.Status != 502 {
		t.Errorf("a delivery that could not be made has status %d", d.Status)
	}
}

func TestInstallationEvents(t *testing.T) {
	t.Parallel()
	b := setup(t, githubtest.Options{})
	ctx := t.Context()
	second, err := b.CreateRepository(b.org, "second", githubtest.RepositoryOptions{Private: true})
	if err != nil {
		t.Fatal(err)
	}
	b.installation.Add(ctx, b.ada, second)
	b.installation.Remove(ctx, b.ada, b.repo)
	b.installation.Suspend(ctx, b.ada)
	b.installation.Unsuspend(ctx, b.ada)
	b.installation.AcceptPermissions(ctx, b.ada, map[string]string{"metadata": "read"})
	b.installation.Uninstall(ctx, b.ada)
	events := b.forget()
	added := events[0].event.(*webhook.InstallationRepositories)
	if len(added.Added) != 1 || added.Added[0].ID != second.ID() || added.Added[0].Owner != "acme" || len(added.Removed) != 0 || added.Account.Login != "acme" {
		t.Errorf("added: %+v", added)
	}
	var actions []string
	for _, e := range events {
		actions = append(actions, e.event.About().Action)
	}
	want := []string{"added", "removed", "suspend", "unsuspend", "new_permissions_accepted", "deleted"}
	if len(actions) != len(want) {
		t.Fatalf("actions %v, want %v", actions, want)
	}
	for i := range want {
		if actions[i] != want[i] {
			t.Errorf("actions %v, want %v", actions, want)
		}
	}
	b.push(githubtest.Push{Ref: "refs/heads/x", SHA: b.first})
	if got := b.took(); got != "" {
		t.Errorf("without an installation, %q was sent", got)
	}

	all, d := b.Install(ctx, b.org, b.ada)
	if e := b.forget()[0].event.(*webhook.Installation); e.Action != "created" || len(e.Repositories) != 2 || e.InstallationID != all.ID() || !d.OK() {
		t.Errorf("installed on all: %+v", e)
	}
}

func TestRepositoryEvents(t *testing.T) {
	t.Parallel()
	b := present(setup(t, githubtest.Options{Quiet: true}))
	ctx := t.Context()
	b.repo.Rename(ctx, b.ada, "store")
	renamed := b.forget()[0]
	if e := renamed.event.(*webhook.RepositoryChange); e.Action != "renamed" || renamed.said().Get("changes.repository.name.from").Str != "shop" || e.Repository.Name != "store" {
		t.Errorf("renamed: %+v", e)
	}
	// Old names go on working, for reading and for writing.
	c := b.rest(nil)
	if r, _, err := c.Repositories.Get(ctx, "acme", "shop"); err != nil || r.GetName() != "store" {
		t.Errorf("by the former name: %v, %v", r, err)
	}
	if i, _, err := c.Issues.Create(ctx, "acme", "shop", &github.IssueRequest{Title: new("t")}); err != nil || i.GetNumber() != 1 {
		t.Errorf("by the former name: %v, %v", i, err)
	}
	b.forget()
	if _, err := b.repo.SetDefaultBranch(ctx, b.ada, "trunk"); err != nil {
		t.Error(err)
	}
	edited := b.forget()[0]
	if e := edited.event.(*webhook.RepositoryChange); e.Action != "edited" || edited.said().Get("changes.default_branch.from").Str != "main" || e.Repository.DefaultBranch != "trunk" {
		t.Errorf("edited: %+v", e)
	}
	b.repo.Transfer(ctx, b.ada, b.Organization("umbrella"))
	transferred := b.forget()[0]
	if e := transferred.event.(*webhook.RepositoryChange); e.Action != "transferred" ||
		transferred.said().Get("changes.owner.from.organization.login").Str != "acme" || e.Repository.Owner != "umbrella" {
		t.Errorf("transferred: %+v", e)
	}
	b.repo.Transfer(ctx, b.ada, b.org)
	b.forget()
	b.repo.Publicize(ctx, b.ada)
	b.repo.Privatize(ctx, b.ada)
	b.repo.Archive(ctx, b.ada)
	b.repo.Unarchive(ctx, b.ada)
	b.repo.Delete(ctx, b.ada)
	if got, want := b.took(), "repository.publicized repository.privatized repository.archived repository.unarchived repository.deleted"; got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	_, _, err := c.Repositories.Get(ctx, "acme", "store")
	refused(t, err, 404, "Not Found")
}
