package clerktest

import (
	"net/http"
	"slices"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// key is a secret key of an instance.
type key struct {
	secret      detect.Secret
	instance    string
	environment detect.Environment
	deleted     bool
	ends        time.Time // zero: never
	fenced      bool
	used        int
	last        time.Time
}

func (k *key) works(now time.Time) bool {
	return !k.deleted && (k.ends.IsZero() || now.Before(k.ends))
}

// Add makes the key known, as one of the instance (ins_…). An instance may have several; the latest is the one that the Platform API shows.
func (s *Server) Add(k detect.Secret, instance string, env detect.Environment) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.add(&key{secret: k, instance: instance, environment: env})
}

func (s *Server) add(k *key) {
	s.keys[k.secret.Fingerprint()] = k
	s.sequence = append(s.sequence, k)
}

// current returns the latest key of the instance that works; nil for none.
func (s *Server) current(instance string) *key {
	for _, k := range slices.Backward(s.sequence) {
		if k.instance == instance && k.works(s.now()) {
			return k
		}
	}
	return nil
}

// Delete deletes the key, as its owner does in the dashboard: from now on every request with it fails.
func (s *Server) Delete(k detect.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.keys[k.Fingerprint()]; known != nil {
		known.deleted = true
	}
}

// Fence limits the key to addresses that are not this machine's: it stays alive, and is refused here. Which code Clerk
// answers with is not documented; this one is made up.
func (s *Server) Fence(k detect.Secret) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.keys[k.Fingerprint()]; known != nil {
		known.fenced = true
	}
}

// Used returns how often the key was used while it was alive, and when last: the dashboard's "Last used".
func (s *Server) Used(k detect.Secret) (times int, last time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known := s.keys[k.Fingerprint()]; known != nil {
		return known.used, known.last
	}
	return 0, time.Time{}
}

// Works reports whether a credential of any kind works now: a secret key, a machine's key, a client secret. Asking moves no "Last used".
func (s *Server) Works(credential detect.Secret) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if k := s.keys[credential.Fingerprint()]; k != nil {
		return k.works(now)
	}
	for _, m := range s.machines {
		if m.secret == credential || m.previous == credential && now.Before(m.previousEnds) {
			return true
		}
	}
	for _, a := range s.oauth {
		if a.secret == credential {
			return true
		}
	}
	return false
}

// rotate gives the instance a new key and lets all others end after the delay; those that end before do so.
func (s *Server) rotate(instance string, env detect.Environment, delay time.Duration) *key {
	ends := s.now().Add(delay)
	for _, k := range s.sequence {
		if k.instance == instance && (k.ends.IsZero() || ends.Before(k.ends)) {
			k.ends = ends
		}
	}
	k := &key{secret: detect.NewSecret(detecttest.Key(s.seed(), env)), instance: instance, environment: env}
	s.add(k)
	return k
}

// seed returns the seed of the next credential that is made here: not one that a test would take.
func (s *Server) seed() int64 {
	const first = 1 << 40
	s.made++
	return first + s.made
}

// authenticated returns the secret key of a request, whose "Last used" moves.
func (s *Server) authenticated(r *http.Request) (*key, *failure) {
	value, ok := bearer(r)
	if !ok {
		return nil, errFormat
	}
	now := s.now()
	known := s.keys[value.Fingerprint()]
	switch {
	case known == nil || !known.works(now):
		return nil, errKey
	case known.fenced:
		return nil, &failure{http.StatusForbidden, "ip_address_not_allowed", "This key cannot be used from this address."}
	}
	known.used++
	known.last = now
	return known, nil
}

// environmentType is Clerk's word for it.
func environmentType(env detect.Environment) string {
	if env == detect.Live {
		return "production"
	}
	return "development"
}
