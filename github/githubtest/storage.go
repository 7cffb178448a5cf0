package githubtest

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"sync"
	"time"
)

// linkLifetime is how long an address of the storage works.
const linkLifetime = time.Minute

// storage is where GitHub keeps what is large: another host, with addresses that need no token and work for a minute. It refuses a
// request with a token, as the storage behind GitHub does.
type storage struct {
	url    string
	now    func() time.Time
	server *http.Server
	served chan struct{}

	mu    sync.Mutex
	links map[string]link
}

type link struct {
	content []byte
	kind    string
	ends    time.Time
}

func startStorage(now func() time.Time) (*storage, error) {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &storage{url: "http://" + listener.Addr().String(), now: now, served: make(chan struct{}), links: map[string]link{}}
	s.server = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 10 * time.Second, ErrorLog: discardLog()}
	go func() {
		defer close(s.served)
		_ = s.server.Serve(listener) // always ends with an error: that of close
	}()
	return s, nil
}

func (s *storage) close() error {
	err := s.server.Close()
	<-s.served
	return err
}

// keep gives the content an address.
func (s *storage) keep(content []byte, kind string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := "/" + rand.Text()
	s.links[path] = link{content, kind, s.now().Add(linkLifetime)}
	return s.url + path + "?sig=" + rand.Text()
}

func (s *storage) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	kept, found := s.links[r.URL.Path]
	s.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "":
		http.Error(w, "<Code>InvalidAuthenticationInfo</Code>", http.StatusBadRequest)
	case !found:
		http.Error(w, "<Code>ResourceNotFound</Code>", http.StatusNotFound)
	case !s.now().Before(kept.ends):
		http.Error(w, "<Code>AuthenticationFailed</Code>", http.StatusForbidden)
	default:
		w.Header().Set("Content-Type", kept.kind)
		_, _ = w.Write(kept.content) // the client's going away is the client's affair
	}
}

// inStorage answers with where the content is.
func (s *Server) inStorage(content []byte, kind string) answer {
	return answer{status: http.StatusFound, location: s.storage.keep(content, kind)}
}

// ExpireLinks ends all addresses of the storage that were given out, before their minute is over.
func (s *Server) ExpireLinks() {
	s.storage.mu.Lock()
	defer s.storage.mu.Unlock()
	for path, l := range s.storage.links {
		l.ends = time.Time{}
		s.storage.links[path] = l
	}
}

// StorageURL is where the addresses of logs and assets begin: another host than the server's.
func (s *Server) StorageURL() string { return s.storage.url }
