package clerktest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// machine is a machine of an instance, with its key and the one before.
type machine struct {
	id, name, instance string
	secret             detect.Secret
	previous           detect.Secret
	previousEnds       time.Time
	made               time.Time
}

// oauthApplication is an OAuth application of an instance. A public one has no secret.
type oauthApplication struct {
	id, name, client, instance string
	secret                     detect.Secret
	made, changed              time.Time
}

// AddMachine makes a machine (mch_…) of an instance known, with its secret key.
func (s *Server) AddMachine(instance, id, name string, secret detect.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machines = append(s.machines, &machine{id: id, name: name, instance: instance, secret: secret, made: s.now()})
}

// AddOAuthApplication makes an OAuth application of an instance known; an empty secret makes it a public client.
func (s *Server) AddOAuthApplication(instance, id, name, client string, secret detect.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.oauth = append(s.oauth, &oauthApplication{id: id, name: name, client: client, instance: instance, secret: secret, made: s.now(), changed: s.now()})
}

func (s *Server) routeBackend(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := s.backend(r)
	if answer == nil {
		errNotFound.write(w)
		return
	}
	k, failed := s.authenticated(r)
	if failed != nil {
		failed.write(w)
		return
	}
	body, failed := answer(r, k)
	if failed != nil {
		failed.write(w)
		return
	}
	write(w, http.StatusOK, body)
}

// backend returns what answers a request to the Backend API; nil for none.
func (s *Server) backend(r *http.Request) func(*http.Request, *key) (any, *failure) {
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/"), "/")
	switch get, post := r.Method == http.MethodGet, r.Method == http.MethodPost; {
	case get && slices.Equal(parts, []string{"instance"}):
		return s.answerInstance
	case get && slices.Equal(parts, []string{"machines"}):
		return s.listMachines
	case get && len(parts) == 3 && parts[0] == "machines" && parts[2] == "secret_key":
		return s.onMachine(parts[1], func(_ *http.Request, m *machine) (any, *failure) { return m.described(), nil })
	case post && len(parts) == 4 && parts[0] == "machines" && parts[2] == "secret_key" && parts[3] == "rotate":
		return s.onMachine(parts[1], s.rotateMachine)
	case get && slices.Equal(parts, []string{"oauth_applications"}):
		return s.listOAuth
	case post && len(parts) == 3 && parts[0] == "oauth_applications" && parts[2] == "rotate_secret":
		return s.rotateOAuth(parts[1])
	}
	return nil
}

func (s *Server) answerInstance(_ *http.Request, k *key) (any, *failure) {
	return map[string]any{
		"object": "instance", "id": k.instance, "environment_type": environmentType(k.environment), "allowed_origins": nil,
		"workspace_id": s.workspace(k.instance),
	}, nil
}

func (s *Server) listMachines(r *http.Request, k *key) (any, *failure) {
	list := []any{}
	for _, m := range slices.Backward(s.machines) {
		if m.instance == k.instance {
			list = append(list, map[string]any{
				"object": "machine", "id": m.id, "name": m.name, "instance_id": m.instance, "created_at": m.made.UnixMilli(),
				"updated_at": m.made.UnixMilli(), "default_token_ttl": 3600, "scoped_machines": []any{},
			})
		}
	}
	return page(r, list)
}

func (s *Server) onMachine(id string, do func(*http.Request, *machine) (any, *failure)) func(*http.Request, *key) (any, *failure) {
	return func(r *http.Request, k *key) (any, *failure) {
		for _, m := range s.machines {
			if m.id == id && m.instance == k.instance {
				return do(r, m)
			}
		}
		return nil, errNotFound
	}
}

func (m *machine) described() any {
	return map[string]any{"object": "machine_secret_key", "secret": m.secret.Reveal()}
}

func (s *Server) rotateMachine(r *http.Request, m *machine) (any, *failure) {
	var asked struct {
		Seconds *int `json:"previous_token_ttl"`
	}
	if f := decode(r, &asked); f != nil {
		return nil, f
	}
	if asked.Seconds == nil || *asked.Seconds < 0 || *asked.Seconds > 28800 {
		return nil, invalid(http.StatusUnprocessableEntity, "previous_token_ttl must be between 0 and 28800")
	}
	m.previous, m.previousEnds = m.secret, s.now().Add(time.Duration(*asked.Seconds)*time.Second)
	m.secret = detect.NewSecret(detecttest.MachineSecretKey(s.seed()))
	return m.described(), nil
}

func (s *Server) listOAuth(r *http.Request, k *key) (any, *failure) {
	list := []any{}
	for _, a := range s.oauth {
		if a.instance == k.instance {
			list = append(list, a.described())
		}
	}
	return page(r, list)
}

func (s *Server) rotateOAuth(id string) func(*http.Request, *key) (any, *failure) {
	return func(_ *http.Request, k *key) (any, *failure) {
		for _, a := range s.oauth {
			if a.id != id || a.instance != k.instance {
				continue
			}
			if a.secret != (detect.Secret{}) {
				a.secret, a.changed = detect.NewSecret(detecttest.OAuthClientSecret(s.seed())), s.now()
			}
			body := a.described()
			body["client_secret"] = a.secret.Reveal()
			return body, nil
		}
		return nil, errNotFound
	}
}

func (a *oauthApplication) described() map[string]any {
	public := a.secret == (detect.Secret{})
	const host = "https://clerk.example.com"
	return map[string]any{
		"object": "oauth_application", "id": a.id, "instance_id": a.instance, "name": a.name, "client_id": a.client, "client_uri": nil,
		"client_image_url": nil, "dynamically_registered": false, "consent_screen_enabled": true, "pkce_required": public, "public": public,
		"scopes": "profile email", "redirect_uris": []string{"https://app.example.com/callback"}, "callback_url": "https://app.example.com/callback",
		"authorize_url": host + "/oauth/authorize", "token_fetch_url": host + "/oauth/token", "user_info_url": host + "/oauth/userinfo",
		"discovery_url": host + "/.well-known/openid-configuration", "token_introspection_url": host + "/oauth/token_info",
		"created_at": a.made.UnixMilli(), "updated_at": a.changed.UnixMilli(),
	}
}

// page returns the part of a list that limit and offset ask for.
func page(r *http.Request, list []any) (any, *failure) {
	limit, ok := number(r, "limit", 10, 1, 500)
	offset, also := number(r, "offset", 0, 0, 1<<30)
	if !ok || !also {
		return nil, invalid(http.StatusUnprocessableEntity, "limit or offset is out of range")
	}
	from := min(offset, len(list))
	return map[string]any{"data": list[from:min(from+limit, len(list))], "total_count": len(list)}, nil
}

func number(r *http.Request, name string, absent, low, high int) (int, bool) {
	value := r.URL.Query().Get(name)
	if value == "" {
		return absent, true
	}
	n, err := strconv.Atoi(value)
	return n, err == nil && n >= low && n <= high
}
