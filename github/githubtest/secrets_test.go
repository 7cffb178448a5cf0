package githubtest_test

import (
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-github/v62/github"
	"golang.org/x/crypto/nacl/box"

	"github.com/rekey-app/rekey/github/githubtest"
)

// TestSecretsAreSealed sets secrets as people do, who need the right role and scopes, and must seal what they send.
func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	w := newWriter(t)
	ctx := t.Context()
	as := func(who *githubtest.Account, scopes ...string) *github.Client {
		c, err := github.NewClient(nil).WithAuthToken(w.ClassicToken(who, scopes...)).WithEnterpriseURLs(w.APIURL(), w.URL())
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	seal := func(key *github.PublicKey, err error, value string) *github.EncryptedSecret {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		public, err := base64.StdEncoding.DecodeString(key.GetKey())
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := box.SealAnonymous(nil, []byte(value), (*[32]byte)(public), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return &github.EncryptedSecret{Name: "A", KeyID: key.GetKeyID(), EncryptedValue: base64.StdEncoding.EncodeToString(sealed)}
	}
	ada, app := as(w.ada, "repo", "admin:org"), w.rest(nil)
	w.repo.SetRole(w.ada, "admin")

	key, _, err := ada.Actions.GetRepoPublicKey(ctx, "acme", "shop")
	secret := seal(key, err, "first")
	resp, err := ada.Actions.CreateOrUpdateRepoSecret(ctx, "acme", "shop", secret)
	if err != nil || resp.StatusCode != http.StatusCreated {
		t.Errorf("created: %v", err)
	}
	w.pass(time.Minute)
	resp, err = ada.Actions.CreateOrUpdateRepoSecret(ctx, "acme", "shop", seal(key, nil, "second"))
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Errorf("updated: %v", err)
	}
	got, _, err := ada.Actions.GetRepoSecret(ctx, "acme", "shop", "a")
	if err != nil || got.Name != "A" || got.UpdatedAt.Sub(got.CreatedAt.Time) != time.Minute {
		t.Errorf("%+v, %v", got, err)
	}
	if value := w.SecretValues()["/repos/acme/shop/actions/secrets/A"]; value != "second" {
		t.Errorf("%q", value)
	}

	// What is refused changes nothing.
	_, err = app.Actions.CreateOrUpdateRepoSecret(ctx, "acme", "shop", secret)
	refused(t, err, 403, "not accessible by integration")
	_, err = as(w.ada).Actions.CreateOrUpdateRepoSecret(ctx, "acme", "shop", secret)
	refused(t, err, 403, "")
	other := w.User("eve")
	w.repo.SetRole(other, "read")
	_, err = as(other, "repo").Actions.CreateOrUpdateRepoSecret(ctx, "acme", "shop", secret)
	refused(t, err, 403, "admin rights")
	_, err = ada.Actions.CreateOrUpdateRepoSecret(ctx, "acme", "shop", &github.EncryptedSecret{Name: "A", KeyID: "1", EncryptedValue: secret.EncryptedValue})
	refused(t, err, 422, "key_id")
	_, err = ada.Actions.CreateOrUpdateRepoSecret(ctx, "acme", "shop", &github.EncryptedSecret{Name: "A", KeyID: secret.KeyID, EncryptedValue: "cGxhaW4="})
	refused(t, err, 422, "Improperly encrypted")
	_, err = ada.Actions.CreateOrUpdateRepoSecret(ctx, "acme", "shop", &github.EncryptedSecret{Name: "GITHUB_A", KeyID: secret.KeyID, EncryptedValue: secret.EncryptedValue})
	refused(t, err, 422, "Secret names")
	if value := w.SecretValues()["/repos/acme/shop/actions/secrets/A"]; value != "second" {
		t.Errorf("%q", value)
	}

	// An organisation's belong to its owners, and say who may use them.
	_, _, err = ada.Dependabot.GetOrgPublicKey(ctx, "acme")
	refused(t, err, 403, "org admin")
	w.AddOwner(w.Organization("acme"), w.ada)
	key, _, err = ada.Actions.GetOrgPublicKey(ctx, "acme")
	shared := seal(key, err, "shared")
	_, err = ada.Actions.CreateOrUpdateOrgSecret(ctx, "acme", shared)
	refused(t, err, 422, "visibility")
	shared.Visibility, shared.SelectedRepositoryIDs = "selected", github.SelectedRepoIDs{w.repo.ID()}
	if _, err = ada.Actions.CreateOrUpdateOrgSecret(ctx, "acme", shared); err != nil {
		t.Error(err)
	}
	users, _, err := ada.Actions.ListSelectedReposForOrgSecret(ctx, "acme", "A", nil)
	if err != nil || users.GetTotalCount() != 1 || users.Repositories[0].GetID() != w.repo.ID() {
		t.Errorf("%+v, %v", users, err)
	}
	visible, _, err := ada.Actions.ListRepoOrgSecrets(ctx, "acme", "shop", nil)
	if err != nil || visible.TotalCount != 1 || visible.Secrets[0].Visibility != "selected" {
		t.Errorf("%+v, %v", visible, err)
	}
}
