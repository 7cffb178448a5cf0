package githubtest

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/nacl/box"
)

// SecretStore is where secrets are kept: with a repository, an environment of it, or an organisation.
type SecretStore struct {
	Kind         string // actions, dependabot, codespaces, agents
	Repository   *Repository
	Environment  string   // of Repository, for actions
	Organization *Account // where Repository is nil
}

// secretKinds are the kinds of secrets; sharedKinds those of which a repository's own API lists the organisation's.
var (
	secretKinds = []string{"actions", "dependabot", "codespaces", "agents"}
	sharedKinds = []string{"actions", "agents"}
	secretName  = regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)
)

const maxSecret = 48 << 10 // bytes

// path is the store's in the API.
func (at SecretStore) path() string {
	switch {
	case at.Repository == nil:
		return "/orgs/" + at.Organization.Login + "/" + at.Kind + "/secrets"
	case at.Environment != "":
		return "/repos/" + at.Repository.fullName() + "/environments/" + url.PathEscape(at.Environment) + "/secrets"
	}
	return "/repos/" + at.Repository.fullName() + "/" + at.Kind + "/secrets"
}

// secretStore is one, with the pair of keys by which values come in.
type secretStore struct {
	at              SecretStore
	keyID           string
	public, private *[32]byte
	secrets         map[string]*keptSecret // by name
}

type keptSecret struct {
	value            string
	visibility       string // of an organisation's
	repositories     map[int64]bool
	created, updated time.Time
}

func (k *keptSecret) reaches(r *Repository) bool {
	switch k.visibility {
	case "private":
		return r.private
	case "selected":
		return k.repositories[r.id]
	}
	return true
}

// store finds a store, and makes it if need be. The caller holds the lock.
func (s *Server) store(at SecretStore) (*secretStore, error) {
	key := fmt.Sprint(at.Kind, " ", at.Environment, " ")
	if at.Repository != nil {
		key += itoa(at.Repository.id)
	} else {
		key += "of " + itoa(at.Organization.ID)
	}
	if have := s.stores[key]; have != nil {
		return have, nil
	}
	public, private, err := box.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a pair of keys: %w", err)
	}
	made := &secretStore{at: at, keyID: itoa(s.id()), public: public, private: private, secrets: map[string]*keptSecret{}}
	s.stores[key] = made
	if at.Environment != "" && !slices.Contains(at.Repository.environments, at.Environment) {
		at.Repository.environments = append(at.Repository.environments, at.Environment)
	}
	return made, nil
}

// SetSecret sets a secret of the repository's Actions as a person does. Nobody can read its value.
func (r *Repository) SetSecret(name string) error {
	return r.s.KeepSecret(SecretStore{Kind: "actions", Repository: r}, name, "", "")
}

// SetOrganizationSecret sets a secret of the organisation's that the Actions of all of its repositories get.
func (r *Repository) SetOrganizationSecret(name string) error {
	return r.s.KeepSecret(SecretStore{Kind: "actions", Organization: r.Owner()}, name, "", "all")
}

// SetEnvironmentSecret sets a secret of an environment, which it makes if need be.
func (r *Repository) SetEnvironmentSecret(environment, name string) error {
	return r.s.KeepSecret(SecretStore{Kind: "actions", Repository: r, Environment: environment}, name, "", "")
}

// KeepSecret sets a secret to a value as a person does on GitHub's pages. An organisation's has a visibility: all, private, or selected with the
// repositories that may use it.
func (s *Server) KeepSecret(at SecretStore, name, value, visibility string, repos ...*Repository) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !secretName.MatchString(name) {
		return errors.New("the name of a secret is in upper case")
	}
	store, err := s.store(at)
	if err != nil {
		return err
	}
	kept := &keptSecret{value: value, visibility: visibility, repositories: map[int64]bool{}}
	for _, r := range repos {
		kept.repositories[r.id] = true
	}
	store.keep(name, kept, s.opt.Now())
	return nil
}

func (st *secretStore) keep(name string, kept *keptSecret, now time.Time) (isNew bool) {
	kept.created, kept.updated = now, now
	old := st.secrets[name]
	if old != nil {
		kept.created = old.created
	}
	st.secrets[name] = kept
	return old == nil
}

// SecretValues are the values of all secrets, by their paths in the API. Those of organisations have their visibility behind the value, and the
// number of repositories selected.
func (s *Server) SecretValues() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]string{}
	for _, store := range s.stores {
		for name, kept := range store.secrets {
			path := store.at.path() + "/" + name
			all[path] = kept.value
			if store.at.Repository == nil {
				all[path+" visibility"] = fmt.Sprint(kept.visibility, " ", slices.Sorted(maps.Keys(kept.repositories)))
			}
		}
	}
	return all
}

// open reads a sealed value.
func (st *secretStore) open(keyID, sealed string) (value, fault string) {
	text, err := base64.StdEncoding.DecodeString(sealed)
	switch {
	case keyID != st.keyID:
		return "", "The key_id is not that of the current public key."
	case err != nil:
		return "", "encrypted_value is not base64."
	case len(text) > maxSecret:
		return "", "The secret is too large."
	}
	plain, ok := box.OpenAnonymous(nil, text, st.public, st.private)
	if !ok {
		return "", "Improperly encrypted secret"
	}
	return string(plain), ""
}

func (st *secretStore) names() []string {
	return slices.Sorted(maps.Keys(st.secrets))
}

// secretPathOf is a secret's name as the path has it: in any case.
func secretPathOf(c *call) string { return strings.ToUpper(c.path("secret")) }
