package manage

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk/wire"
)

// backendVersion is the version of the Backend API that this is written against.
const backendVersion = "2026-05-12"

// Backend is Clerk's Backend API with the secret key of one instance. Each request moves that key's "Last used" in the dashboard. It is
// safe for concurrent use.
type Backend struct{ s sender }

// NewBackend returns the Backend API for a secret key (sk_…) that still works: the new one, after a rotation. It sends nothing.
func NewBackend(o Options) (*Backend, error) {
	if !strings.HasPrefix(o.Credential.Reveal(), "sk_") || !wire.CanCarry(o.Credential) {
		return nil, errors.New("this cannot be the secret key of an instance (sk_live_… or sk_test_…): copy it again")
	}
	s, err := newHTTP(o, backendVersion, advice{
		ErrUnauthorized: "the secret key is not valid, or no longer: use a new one of the same instance",
		ErrForbidden:    "the secret key may not do it: if it is limited to certain addresses, run this from one of them",
		ErrNotFound:     "the instance of this secret key has no such machine or OAuth application",
		ErrRefused:      "rotate in the dashboard, https://dashboard.clerk.com",
		ErrLimited:      "wait a minute and try again",
	})
	if err != nil {
		return nil, err
	}
	return &Backend{s}, nil
}

// Machine is a machine of the instance: a service that calls others with tokens of Clerk's.
type Machine struct {
	ID   string // mch_…
	Name string // as its owners wrote it
}

// Machines returns the machines of the instance, latest first.
func (b *Backend) Machines(ctx context.Context) ([]Machine, error) {
	type machine struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	}
	found, err := pages[machine](ctx, b.s, request{op: "list the machines", method: http.MethodGet, path: "/machines"})
	var list []Machine
	for _, m := range found {
		if checkID("", m.ID) == nil {
			list = append(list, Machine(m))
		}
	}
	return list, err
}

// MachineSecretKey reads the secret key of a machine (mch_…): to find whose a leaked key is, and to read back after a rotation.
func (b *Backend) MachineSecretKey(ctx context.Context, machine string) (detect.Secret, error) {
	if err := checkID("a machine (mch_…)", machine); err != nil {
		return detect.Secret{}, err
	}
	r := request{op: "read the secret key of " + machine, method: http.MethodGet, path: "/machines/" + machine + "/secret_key"}
	var found machineKey
	if err := call(ctx, b.s, r, &found); err != nil {
		return detect.Secret{}, err
	}
	if !found.usable() {
		return detect.Secret{}, &Error{Kind: ErrNoKey, Op: r.op, what: "Clerk does not show it", advice: "see https://dashboard.clerk.com/~/machines/configure"}
	}
	return detect.NewSecret(found.Secret), nil
}

// MaxMachineOverlap is the longest overlap of a machine's keys.
const MaxMachineOverlap = 8 * time.Hour

// RotateMachineSecretKey gives the machine (mch_…) a new secret key and ends the one before after the overlap: whole seconds from 0, which
// ends it at once, to [MaxMachineOverlap]. After [ErrOutcomeUnknown] read back with [Backend.MachineSecretKey].
func (b *Backend) RotateMachineSecretKey(ctx context.Context, machine string, overlap time.Duration) (detect.Secret, error) {
	if err := checkID("a machine (mch_…)", machine); err != nil {
		return detect.Secret{}, err
	}
	if overlap < 0 || overlap > MaxMachineOverlap || overlap%time.Second != 0 {
		return detect.Secret{}, errors.New("the overlap of a machine's keys is a number of whole seconds, from 0s to 8h")
	}
	r := request{
		op: "rotate the secret key of " + machine, method: http.MethodPost, path: "/machines/" + machine + "/secret_key/rotate",
		body: struct {
			Seconds int `json:"previous_token_ttl"`
		}{int(overlap / time.Second)},
	}
	var rotated machineKey
	if err := call(ctx, b.s, r, &rotated); err != nil {
		return detect.Secret{}, err
	}
	if !rotated.usable() {
		e := r.failed(true, "but not with a new key", nil)
		e.Status = http.StatusOK
		return detect.Secret{}, e
	}
	return detect.NewSecret(rotated.Secret), nil
}

type machineKey struct {
	Secret string `json:"secret"`
}

func (k machineKey) usable() bool {
	return strings.HasPrefix(k.Secret, "ak_") && wire.CanCarry(detect.NewSecret(k.Secret))
}

// OAuthApplication is an application that signs its users in with Clerk.
type OAuthApplication struct {
	ID       string
	Name     string // as its owners wrote it
	ClientID string // public; configuration files have it beside the secret
	Public   bool   // it has no client secret
}

// OAuthApplications returns the OAuth applications of the instance.
func (b *Backend) OAuthApplications(ctx context.Context) ([]OAuthApplication, error) {
	type application struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		ClientID string `json:"client_id"`
		Public   bool   `json:"public"`
	}
	found, err := pages[application](ctx, b.s, request{op: "list the OAuth applications", method: http.MethodGet, path: "/oauth_applications"})
	var list []OAuthApplication
	for _, a := range found {
		if checkID("", a.ID) == nil {
			list = append(list, OAuthApplication(a))
		}
	}
	return list, err
}

// RotateOAuthSecret gives the OAuth application a new client secret. The one before ends; no overlap is documented. ErrNoKey: it is a public
// client, which has none. The secret cannot be read back: after [ErrOutcomeUnknown] the one before may have ended, and only a person's
// decision to rotate again gives a known one.
func (b *Backend) RotateOAuthSecret(ctx context.Context, application string) (detect.Secret, error) {
	if err := checkID("an OAuth application", application); err != nil {
		return detect.Secret{}, err
	}
	r := request{
		op: "rotate the client secret of " + application, method: http.MethodPost, path: "/oauth_applications/" + application + "/rotate_secret",
	}
	var rotated struct {
		ID     string `json:"id"`
		Secret string `json:"client_secret"`
	}
	err := call(ctx, b.s, r, &rotated)
	var failure *Error
	switch {
	case errors.As(err, &failure) && errors.Is(failure, ErrOutcomeUnknown):
		failure.advice = "it may have been done all the same, and the new secret cannot be read back: check whether clients still work, then decide whether to rotate again"
		return detect.Secret{}, failure
	case err != nil:
		return detect.Secret{}, err
	case rotated.ID != application || rotated.Secret != "" && !wire.CanCarry(detect.NewSecret(rotated.Secret)):
		e := r.failed(true, "but not with a new secret of this application", nil)
		e.Status = http.StatusOK
		return detect.Secret{}, e
	case rotated.Secret == "":
		return detect.Secret{}, &Error{Kind: ErrNoKey, Op: r.op, what: "it is a public client, which has no secret"}
	}
	return detect.NewSecret(rotated.Secret), nil
}

// Lists are read in pages, of which there may not be more than a workspace would ever need.
const (
	pageSize = 100
	maxPages = 100
)

// pages reads a whole list.
func pages[T any](ctx context.Context, s sender, r request) ([]T, error) {
	var list []T
	for range maxPages {
		var page struct {
			Data  []T `json:"data"`
			Total int `json:"total_count"`
		}
		r.query = url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(len(list))}}
		if err := call(ctx, s, r, &page); err != nil {
			return nil, err
		}
		list = append(list, page.Data...)
		if len(page.Data) == 0 || len(list) >= page.Total {
			return list, nil
		}
	}
	return nil, fmt.Errorf("%s: there are more than %d", r.op, pageSize*maxPages)
}
