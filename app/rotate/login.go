package rotate

import (
	"context"
	"net/http"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/clerk/manage"
)

// Login is Clerk with what this machine is logged in to: a Platform API key of the environment, else the clerk command.
type Login struct {
	url       string
	agent     string
	transport http.RoundTripper
	client    *clerk.Client
	platform  Platform
}

// NewLogin returns Clerk at an address, "" for Clerk's own. It asks nothing.
func NewLogin(m *destination.Machine, address, agent string) (*Login, error) {
	client, err := clerk.New(clerk.Options{URL: address, UserAgent: agent, HTTP: m.Transport})
	if err != nil {
		return nil, err
	}
	l := &Login{url: address, agent: agent, transport: m.Transport, client: client}
	if key := m.Getenv("CLERK_PLATFORM_API_KEY"); key != "" {
		platform, err := manage.NewPlatform(manage.Options{Credential: detect.NewSecret(key), URL: address, UserAgent: agent, HTTP: m.Transport})
		if err != nil {
			return nil, err
		}
		l.platform = platform
		return l, nil
	}
	if path, ok := m.Tools().Find("clerk"); ok {
		if platform, err := manage.NewPlatformByCommand(manage.CommandOptions{Path: path, Environ: m.Environ}); err == nil {
			l.platform = platform
		}
	}
	return l, nil
}

// Ask asks Clerk whether a key works, and of which instance it is.
func (l *Login) Ask(ctx context.Context, key detect.Secret) (respond.Answer, error) {
	return l.client.Ask(ctx, key)
}

// InstanceOf asks which instance a publishable key is of.
func (l *Login) InstanceOf(ctx context.Context, publishable string) (manage.Instance, error) {
	return manage.InstanceOf(ctx, l.transport, publishable)
}

// Platform returns the Platform API, nil where there is no login. Whether the login still counts shows with the first request.
func (l *Login) Platform() Platform { return l.platform }

// Backend returns the Backend API with a secret key.
func (l *Login) Backend(key detect.Secret) (Backend, error) {
	return manage.NewBackend(manage.Options{Credential: key, URL: l.url, UserAgent: l.agent, HTTP: l.transport})
}
