// Package github sets secrets on GitHub: those of Actions, of their environments and of organisations, and those of Dependabot, Codespaces and
// Copilot's agents. It also speaks on an issue, for the person who rotates.
//
// Nobody can read a secret's value again. What proves that it was set is when it was.
package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const name = "github"

// Driver is a [destination.Driver].
type Driver struct {
	machine  *destination.Machine
	sessions map[string]*Session // by host
}

// New returns a driver.
func New(m *destination.Machine) *Driver { return &Driver{m, map[string]*Session{}} }

// Name returns "github".
func (d *Driver) Name() string { return name }

func (d *Driver) session(ctx context.Context, host string) (*Session, error) {
	if s := d.sessions[host]; s != nil {
		return s, nil
	}
	s, err := Login(ctx, d.machine, host)
	if err == nil {
		d.sessions[host] = s
	}
	return s, err
}

// id is where a secret is: a host, and the path of its store and its name in the host's API.
type id struct{ host, store, secret string }

func (i id) String() string { return i.host + i.store + "/" + i.secret }

func parseID(text string) (id, error) {
	slash, last := strings.IndexByte(text, '/'), strings.LastIndexByte(text, '/')
	if slash <= 0 || !strings.HasSuffix(text[:last], "/secrets") || last == len(text)-1 {
		return id{}, fmt.Errorf("%q is no place of a secret on GitHub", text)
	}
	return id{text[:slash], text[slash:last], text[last+1:]}, nil
}

// organisation reports whether the secret is an organisation's.
func (i id) organisation() bool { return strings.HasPrefix(i.store, "/orgs/") }

// Write sets the secret. An organisation's stays visible to the same repositories.
func (d *Driver) Write(ctx context.Context, place destination.Place, value detect.Secret) error {
	i, err := parseID(place.ID)
	if err != nil {
		return err
	}
	s, err := d.session(ctx, i.host)
	if err != nil {
		return err
	}
	body, err := s.seal(ctx, i.store, value)
	if err == nil && i.organisation() {
		body.Visibility, body.Repositories, err = s.visibility(ctx, i)
	}
	if err == nil {
		err = s.api.Do(ctx, destination.Request{
			Method: http.MethodPut, Path: i.store + "/" + i.secret, Body: body, Secret: value, Doing: fmt.Sprintf("set %s (%s)", i.secret, place.Title),
		}, nil)
	}
	return s.explain(err)
}

// visibility returns who may use an organisation's secret: it has to be said again with each write.
func (s *Session) visibility(ctx context.Context, i id) (visibility string, repositories []int64, err error) {
	var secret secret
	if err := s.api.Do(ctx, destination.Request{Method: http.MethodGet, Path: i.store + "/" + i.secret, Doing: "read who may use " + i.secret}, &secret); err != nil {
		return "", nil, err //nolint:wrapcheck // says it all
	}
	switch secret.Visibility {
	case "selected":
		repositories, err = s.selected(ctx, i)
	case "":
		err = fmt.Errorf("read who may use %s on GitHub: its answer does not say", i.secret)
	}
	return secret.Visibility, repositories, err
}

// selected returns the repositories that may use an organisation's secret.
func (s *Session) selected(ctx context.Context, i id) ([]int64, error) {
	all := []int64{}
	err := s.pages(ctx, i.store+"/"+i.secret+"/repositories", "list the repositories that may use "+i.secret, func(p page) int {
		for _, r := range p.Repositories {
			all = append(all, r.ID)
		}
		return len(p.Repositories)
	})
	return all, err
}

// skew is how far the second in which a value was set and the one in which that was begun may lie apart, beside clocks: both are cut off.
const skew = time.Second

// Check asks when the secret was set last. It was set if that is later than when the place was looked at, or not before since, by GitHub's clock.
func (d *Driver) Check(ctx context.Context, place destination.Place, _ detect.Secret, since time.Time) (destination.Proof, error) {
	i, err := parseID(place.ID)
	if err != nil {
		return "", err
	}
	s, err := d.session(ctx, i.host)
	if err != nil {
		return "", err
	}
	var got secret
	var header http.Header
	err = s.api.Do(ctx, destination.Request{Method: http.MethodGet, Path: i.store + "/" + i.secret, Doing: "ask when " + i.secret + " was set", Header: &header}, &got)
	if err != nil {
		return "", s.explain(err)
	}
	now, err := http.ParseTime(header.Get("Date"))
	byTheirs := err == nil && !got.Updated.Before(since.Add(now.Sub(d.machine.Now())-skew))
	if byTheirs || !place.Updated.IsZero() && got.Updated.After(place.Updated) {
		return destination.Touched, nil
	}
	return destination.Stale, nil
}

// Redeploy is never called: a workflow takes the value when it runs next, and a new run might ship a newer commit.
func (d *Driver) Redeploy(context.Context, destination.Unit) (destination.Deployment, error) {
	return destination.Deployment{}, errors.ErrUnsupported
}

// Deployed is never called.
func (d *Driver) Deployed(context.Context, destination.Deployment) (destination.Progress, error) {
	return destination.Progress{}, errors.ErrUnsupported
}
