package clerktest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// Login is what a Platform API key, or the login of the clerk command, may do.
type Login struct {
	Workspace string    // whose applications it sees
	ReadOnly  bool      // it may not rotate
	Ends      time.Time // zero: never
}

// Application is an application of a workspace. Its instances have the keys that [Server.Add] gives them.
type Application struct {
	ID, Name  string
	Workspace string // "" is a workspace as any other; instances without an application have none
	Instances []Instance
}

// Instance is one environment of an application. Host is where its Frontend API is; "" for one without a publishable key.
type Instance struct {
	ID          string
	Environment detect.Environment
	Host        string
}

// AddLogin makes a Platform API key known.
func (s *Server) AddLogin(token detect.Secret, l Login) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logins[token.Fingerprint()] = l
}

// AddApplication makes an application known.
func (s *Server) AddApplication(a Application) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.applications = append(s.applications, a)
}

// HideKeys makes include_secret_keys show none, as the dashboard does since October 2026; whether the Platform API follows is not known.
func (s *Server) HideKeys() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hidden = true
}

func (s *Server) routePlatform(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	login, failed := s.login(r)
	if failed != nil {
		failed.write(w)
		return
	}
	body, failed := s.platform(r, login)
	if failed != nil {
		failed.write(w)
		return
	}
	write(w, http.StatusOK, body)
}

func (s *Server) login(r *http.Request) (Login, *failure) {
	token, ok := bearer(r)
	if !ok {
		return Login{}, errFormat
	}
	l, known := s.logins[token.Fingerprint()]
	if !known || !l.Ends.IsZero() && !s.now().Before(l.Ends) {
		return Login{}, &failure{http.StatusUnauthorized, "authentication_invalid", "Unable to authenticate the request"}
	}
	return l, nil
}

// platform answers requests below /v1/platform/applications. An application of another workspace is not there.
func (s *Server) platform(r *http.Request, l Login) (any, *failure) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/platform/"), "/")
	if parts[0] != "applications" {
		return nil, errNotFound
	}
	withKeys := r.URL.Query().Get("include_secret_keys") == "true" && !s.hidden
	if r.Method == http.MethodGet && len(parts) == 1 {
		list := []any{}
		for _, a := range s.applications {
			if a.Workspace == l.Workspace {
				list = append(list, s.described(a, withKeys))
			}
		}
		return list, nil
	}
	if len(parts) < 2 {
		return nil, errNotFound
	}
	i := slices.IndexFunc(s.applications, func(a Application) bool { return a.ID == parts[1] && a.Workspace == l.Workspace })
	if i < 0 {
		return nil, errNotFound
	}
	a := s.applications[i]
	switch {
	case r.Method == http.MethodGet && len(parts) == 2:
		return s.described(a, withKeys), nil
	case r.Method == http.MethodPost && len(parts) == 5 && parts[2] == "instances" && parts[4] == "rotate_secret_keys":
		if n := slices.IndexFunc(a.Instances, func(i Instance) bool { return i.ID == parts[3] }); n >= 0 {
			return s.rotateInstance(r, l, a, a.Instances[n])
		}
	}
	return nil, errNotFound
}

// described is an application as the API writes it.
func (s *Server) described(a Application, withKeys bool) any {
	instances := []any{}
	for _, i := range a.Instances {
		one := map[string]any{"instance_id": i.ID, "environment_type": environmentType(i.Environment)}
		if i.Host != "" {
			one["publishable_key"] = detecttest.PublishableKey(i.Environment, i.Host)
		}
		if k := s.current(i.ID); withKeys && k != nil {
			one["secret_key"] = k.secret.Reveal()
		}
		instances = append(instances, one)
	}
	return map[string]any{"application_id": a.ID, "name": a.Name, "instances": instances}
}

// maxDelay is what this server takes, as Vercel's partners do; Clerk documents no maximum.
const maxDelay = 720

func (s *Server) rotateInstance(r *http.Request, l Login, a Application, i Instance) (any, *failure) {
	if l.ReadOnly {
		return nil, errRights
	}
	var asked struct {
		Hours  int    `json:"delay_old_secrets_expiration_hours"` // absent: at once, which is not documented
		Reason string `json:"reason"`
	}
	if f := decode(r, &asked); f != nil {
		return nil, f
	}
	if asked.Hours < 0 || asked.Hours > maxDelay {
		return nil, invalid(http.StatusBadRequest, "delay_old_secrets_expiration_hours is out of range")
	}
	k := s.rotate(i.ID, i.Environment, time.Duration(asked.Hours)*time.Hour)
	return map[string]any{"application_id": a.ID, "name": a.Name, "instances": []any{
		map[string]any{"instance_id": i.ID, "environment_type": environmentType(i.Environment), "secret_key": k.secret.Reveal()},
	}}, nil
}

// workspace returns the workspace of an instance; nil for one without an application, such as an unclaimed keyless one.
func (s *Server) workspace(instance string) any {
	for _, a := range s.applications {
		if a.Workspace != "" && slices.ContainsFunc(a.Instances, func(i Instance) bool { return i.ID == instance }) {
			return a.Workspace
		}
	}
	return nil
}
