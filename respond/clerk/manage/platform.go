package manage

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk/wire"
)

// Platform is Clerk's Platform API, which sees all applications of a workspace. It is in private beta. It is safe for concurrent use.
type Platform struct{ s sender }

// NewPlatform returns the Platform API for a Platform API key (ak_…). It sends nothing.
func NewPlatform(o Options) (*Platform, error) {
	switch {
	case strings.HasPrefix(o.Credential.Reveal(), "sk_"):
		return nil, errors.New("this is the secret key of an instance: the Platform API takes a Platform API key (ak_…)")
	case !wire.CanCarry(o.Credential):
		return nil, errors.New("this cannot be a Platform API key (ak_…): copy it again")
	}
	s, err := newHTTP(o, "", advice{
		ErrUnauthorized: "the Platform API key is unknown, expired or revoked: make another, or use `clerk auth login`",
		ErrForbidden:    platformForbidden,
		ErrNotFound:     platformNotFound,
		ErrRefused:      platformRefused,
		ErrLimited:      platformLimited,
	})
	if err != nil {
		return nil, err
	}
	return &Platform{s}, nil
}

const (
	platformForbidden = "this account may not do it: use an owner or admin of the application's workspace, whose workspace has access to the " +
		"Platform API (a private beta), or rotate in the dashboard"
	platformNotFound = "the account's workspace has no such application or instance: use an account of the workspace that owns it"
	platformRefused  = "rotate in the dashboard, https://dashboard.clerk.com/~/api-keys"
	platformLimited  = "wait a minute and try again"
)

// Application is an application of the workspace.
type Application struct {
	ID        string // app_…
	Name      string // as its owners wrote it
	Instances []Instance
}

// Instance is one environment of an application.
type Instance struct {
	ID             string // ins_…
	Environment    detect.Environment
	PublishableKey string // may be ""
}

// Applications returns all applications of the workspace, in Clerk's order. No secret key is asked for.
func (p *Platform) Applications(ctx context.Context) ([]Application, error) {
	var found []platformApplication
	r := request{op: "list the applications", method: http.MethodGet, path: "/platform/applications"}
	if err := call(ctx, p.s, r, &found); err != nil {
		return nil, err
	}
	var list []Application
	for _, a := range found {
		if checkID("", a.ID) == nil {
			list = append(list, a.application())
		}
	}
	return list, nil
}

// Application returns one application (app_…). No secret key is asked for.
func (p *Platform) Application(ctx context.Context, app string) (Application, error) {
	if err := checkID("an application (app_…)", app); err != nil {
		return Application{}, err
	}
	var found platformApplication
	r := request{op: "read application " + app, method: http.MethodGet, path: "/platform/applications/" + app}
	if err := call(ctx, p.s, r, &found); err != nil {
		return Application{}, err
	}
	return found.application(), nil
}

// SecretKey reads back the secret key of an instance (ins_…). An instance may have several keys, of which Clerk shows one: after a rotation
// the new one (its description does not say which; compare with what was read before). ErrNoKey: Clerk no longer shows it.
func (p *Platform) SecretKey(ctx context.Context, app, instance string) (detect.Secret, error) {
	if err := errors.Join(checkID("an application (app_…)", app), checkID("an instance (ins_…)", instance)); err != nil {
		return detect.Secret{}, err
	}
	var found platformApplication
	r := request{
		op: "read the secret key of " + instance, method: http.MethodGet, path: "/platform/applications/" + app,
		query: url.Values{"include_secret_keys": {"true"}},
	}
	if err := call(ctx, p.s, r, &found); err != nil {
		return detect.Secret{}, err
	}
	for _, i := range found.Instances {
		if i.ID != instance {
			continue
		}
		if key, ok := i.key(); ok {
			return key, nil
		}
		return detect.Secret{}, &Error{Kind: ErrNoKey, Op: r.op, what: "Clerk does not show it", advice: "make a new key in the dashboard, https://dashboard.clerk.com/~/api-keys"}
	}
	return detect.Secret{}, &Error{Kind: ErrNotFound, Op: r.op, what: "application " + app + " has no such instance"}
}

// MaxOverlap is the longest overlap that is asked for. Clerk documents no maximum.
const MaxOverlap = 720 * time.Hour

const maxReason = 200

// RotateSecretKeys makes a new secret key of one instance (ins_…) and ends ALL its other keys after the overlap: whole hours from 0, which
// ends them at once, to [MaxOverlap]. Clerk keeps the reason: one line of at most 200 bytes, without a key. After [ErrOutcomeUnknown] read
// back with [Platform.SecretKey]; never call this again before that.
func (p *Platform) RotateSecretKeys(ctx context.Context, app, instance string, overlap time.Duration, reason string) (detect.Secret, error) {
	if err := checkRotation(app, instance, overlap, reason); err != nil {
		return detect.Secret{}, err
	}
	r := request{
		op: "rotate the secret keys of " + instance, method: http.MethodPost,
		path: "/platform/applications/" + app + "/instances/" + instance + "/rotate_secret_keys",
		body: struct {
			Hours  int    `json:"delay_old_secrets_expiration_hours"` // always sent: what its absence means is not documented
			Reason string `json:"reason"`
		}{int(overlap / time.Hour), reason},
	}
	var rotated platformApplication
	if err := call(ctx, p.s, r, &rotated); err != nil {
		return detect.Secret{}, err
	}
	for _, i := range rotated.Instances {
		if key, ok := i.key(); ok && i.ID == instance {
			return key, nil
		}
	}
	e := r.failed(true, "but not with a new key of this instance", nil)
	e.Status = http.StatusOK
	return detect.Secret{}, e
}

func checkRotation(app, instance string, overlap time.Duration, reason string) error {
	err := errors.Join(checkID("an application (app_…)", app), checkID("an instance (ins_…)", instance))
	switch {
	case err != nil:
		return err
	case !strings.HasPrefix(instance, "ins_"):
		return errors.New("a rotation names its instance by its id (ins_…)")
	case overlap < 0 || overlap > MaxOverlap || overlap%time.Hour != 0:
		return errors.New("an overlap is a number of whole hours, from 0h to 720h")
	case len(reason) > maxReason || strings.ContainsFunc(reason, unicode.IsControl):
		return errors.New("a reason is one line of at most 200 bytes")
	}
	return nil
}

// platformApplication is an application as the Platform API writes it.
type platformApplication struct {
	ID        string             `json:"application_id"`
	Name      string             `json:"name"`
	Instances []platformInstance `json:"instances"`
}

type platformInstance struct {
	ID              string `json:"instance_id"`
	EnvironmentType string `json:"environment_type"`
	SecretKey       string `json:"secret_key"`
	PublishableKey  string `json:"publishable_key"`
}

// key returns the secret key; false if there is none that can be one of the instance.
func (i platformInstance) key() (detect.Secret, bool) {
	env, ok := environment(i.EnvironmentType)
	if !ok || !isSecretKey(i.SecretKey, env) {
		return detect.Secret{}, false
	}
	return detect.NewSecret(i.SecretKey), true
}

// application leaves out what cannot be used in a request: ids of another form, and environments that are not known.
func (a platformApplication) application() Application {
	out := Application{ID: a.ID, Name: a.Name}
	for _, i := range a.Instances {
		env, ok := environment(i.EnvironmentType)
		if !ok || checkID("", i.ID) != nil {
			continue
		}
		out.Instances = append(out.Instances, Instance{ID: i.ID, Environment: env, PublishableKey: i.PublishableKey})
	}
	return out
}
