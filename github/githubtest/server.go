package githubtest

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Options says which GitHub to start. The zero value is good.
type Options struct {
	Now  func() time.Time // the clock of commits, tokens and limits; nil: time.Now
	Dir  string           // where the repositories lie; "": a temporary directory that Close removes
	Addr string           // where to listen; "": 127.0.0.1 and a free port

	AppID         int64             // 0: 4711
	PrivateKey    *rsa.PrivateKey   // the App's; nil: a fresh one, which takes a moment to find
	AppSlug       string            // "": rekey
	Permissions   map[string]string // the App's; nil: what rekey asks for
	Events        []string          // what the App subscribes to; nil: what rekey asks for
	WebhookURL    string            // where deliveries go; see also [Server.SetWebhookURL]
	WebhookSecret string            // "": a random one
	Unregistered  bool              // there is no App until one is made from a manifest, which uses PrivateKey
	HourlyLimit   int               // REST requests an hour for each installation; 0: 5,000

	// Quiet keeps back the webhooks that the App's own doings cause.
	Quiet bool
	// Wrap, if set, is put around the REST handler: a place to watch requests and answers.
	Wrap func(http.Handler) http.Handler
}

// Server is the stand-in. Its methods are safe for concurrent use.
type Server struct {
	opt     Options
	key     *rsa.PrivateKey
	dir     string
	ownDir  bool
	baseURL string
	http    *http.Server
	storage *storage
	hooks   *http.Client
	served  chan struct{} // closed when the HTTP server has ended

	log   transcript
	fault faults

	mu            sync.Mutex // guards everything below, and the state of what hangs below
	ids           int64
	accounts      map[string]*Account // by lower-case login
	bot           *Account
	repositories  map[string]*Repository // by lower-case owner/name
	moved         map[string]*Repository // former names
	installations map[int64]*Installation
	rulesets      []*ruleset
	grants        map[string]*grant // by token
	stores        map[string]*secretStore
	owners        map[string][]*Account // of organisations, beside whom nobody sees their secrets
	signOn        map[string]bool       // organisations that want single sign-on
	quotas        map[int64]*quota      // by installation or user; 0 is the App itself
	spent         map[int64]*quota      // of GraphQL, by installation
	manifests     manifests
	teams         map[string][]*Account // members, by organisation/slug
	unregistered  bool
	owner         *Account       // the App's; nil: its bot
	hook          map[string]any // what GET /app/hook/config says in place of the truth
	setupURL      string         // where a browser goes after installing
	oauth         oauth
	webhookURL    string
	deliveries    []*Delivery
	created       time.Time

	background sync.WaitGroup // deliveries that nobody waits for
	queue      chan func()
	stop       context.CancelFunc
	ctx        context.Context
}

// New starts a stand-in. Close ends it.
func New(opt Options) (*Server, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Addr == "" {
		opt.Addr = "127.0.0.1:0"
	}
	if opt.AppID == 0 {
		opt.AppID = 4711
	}
	if opt.AppSlug == "" {
		opt.AppSlug = "rekey"
	}
	if opt.Permissions == nil {
		opt.Permissions = map[string]string{
			"checks": "write", "contents": "read", "issues": "write", "merge_queues": "read", "pull_requests": "read", "metadata": "read",
		}
	}
	if opt.Events == nil {
		opt.Events = []string{
			"push", "pull_request", "merge_group", "check_run", "check_suite", "issues", "issue_comment", "repository",
			"pull_request_review", "pull_request_review_comment", "commit_comment", "release", "gollum",
		}
	}
	if opt.WebhookSecret == "" {
		opt.WebhookSecret = rand.Text()
	}
	if opt.HourlyLimit == 0 {
		opt.HourlyLimit = 5000
	}
	if opt.PrivateKey == nil {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			return nil, fmt.Errorf("make the App's key: %w", err)
		}
		opt.PrivateKey = key
	}
	s := &Server{
		opt:           opt,
		key:           opt.PrivateKey,
		dir:           opt.Dir,
		hooks:         &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
		served:        make(chan struct{}),
		ids:           1000,
		accounts:      map[string]*Account{},
		repositories:  map[string]*Repository{},
		moved:         map[string]*Repository{},
		installations: map[int64]*Installation{},
		grants:        map[string]*grant{},
		stores:        map[string]*secretStore{},
		owners:        map[string][]*Account{},
		signOn:        map[string]bool{},
		quotas:        map[int64]*quota{},
		spent:         map[int64]*quota{},
		manifests:     manifests{map[string]draft{}, map[string]manifestApp{}},
		unregistered:  opt.Unregistered,
		oauth:         newOAuth(),
		webhookURL:    opt.WebhookURL,
		created:       opt.Now(),
		queue:         make(chan func(), 4096),
	}
	var err error
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "githubtest-"); err != nil {
			return nil, fmt.Errorf("make a directory for repositories: %w", err)
		}
		s.ownDir = true
	}
	listener, err := net.Listen("tcp", opt.Addr)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the stand-in for GitHub: %w", err), s.removeDir())
	}
	if s.storage, err = startStorage(opt.Now); err != nil {
		return nil, errors.Join(fmt.Errorf("start the stand-in's storage: %w", err), listener.Close(), s.removeDir())
	}
	s.baseURL = "http://" + listener.Addr().String()
	s.bot = s.newAccount(opt.AppSlug+"[bot]", "Bot")
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: discardLog()}
	go func() {
		defer close(s.served)
		_ = s.http.Serve(listener) // always ends with an error: that of Close
	}()
	s.background.Add(1)
	go s.deliverInBackground()
	return s, nil
}

// Close ends the server, waits for deliveries under way, and removes the repositories unless [Options] named their place.
func (s *Server) Close() error {
	s.stop()
	err := errors.Join(s.http.Close(), s.storage.close())
	<-s.served
	s.background.Wait()
	s.hooks.CloseIdleConnections()
	return errors.Join(err, s.removeDir())
}

func (s *Server) removeDir() error {
	if !s.ownDir {
		return nil
	}
	return os.RemoveAll(s.dir)
}

// URL is where git and the web pages are, without a slash at its end.
func (s *Server) URL() string { return s.baseURL }

// APIURL is where REST is, without a slash at its end.
func (s *Server) APIURL() string { return s.baseURL + "/api/v3" }

// AppID is the App's id.
func (s *Server) AppID() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opt.AppID
}

// AppSlug is the App's name in addresses; its bot is called by it with "[bot]" appended.
func (s *Server) AppSlug() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opt.AppSlug
}

// WebhookSecret is the secret that deliveries are signed with.
func (s *Server) WebhookSecret() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.opt.WebhookSecret
}

// PrivateKeyPEM is the App's private key, as GitHub lets it be downloaded.
func (s *Server) PrivateKeyPEM() []byte { return s.privateKeyPEM() }

func (s *Server) privateKeyPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(s.key)})
}

// SetWebhookURL changes where deliveries go. With "" they fail, as when nobody listens.
func (s *Server) SetWebhookURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.webhookURL = url
}

// SetPermissions changes what the App's registration asks for from now on, and which events it subscribes to. Installations keep what
// they have.
func (s *Server) SetPermissions(permissions map[string]string, events []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opt.Permissions, s.opt.Events = permissions, events
}

// SetHookConfig changes what GET /app/hook/config says: url, content_type, insecure_ssl, secret.
func (s *Server) SetHookConfig(config map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = config
}

// handler puts the parts together: record, misbehave, then REST or git.
func (s *Server) handler() http.Handler {
	rest := s.restHandler()
	if s.opt.Wrap != nil {
		rest = s.opt.Wrap(rest)
	}
	git := s.gitHandler()
	return s.log.record(s.fault.wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/v3/") {
			rest.ServeHTTP(w, r)
			return
		}
		if s.settingsPage(w, r) {
			return
		}
		switch r.Method + " " + r.URL.Path {
		case "POST /api/graphql":
			s.answerGraphQL(w, r)
			return
		case "GET /login/oauth/authorize":
			s.authorize(w, r)
			return
		case "POST /login/oauth/access_token":
			s.exchange(w, r)
			return
		}
		git.ServeHTTP(w, r)
	})), s.opt.Now)
}

// id gives the next number. The caller holds the lock.
func (s *Server) id() int64 {
	s.ids++
	return s.ids
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// stampOrNull is null for no time.
func stampOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// orNull is null for the empty string.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
