package manage

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"sync"
	"time"

	"github.com/rekey-app/rekey/detect"
)

// maxAnswer bounds an answer, in bytes: a workspace of some thousand applications.
const maxAnswer = 4 << 20

// request is one call of Clerk's APIs.
type request struct {
	op     string // for errors
	method string
	path   string // below /v1
	query  url.Values
	body   any // nil for none
}

// writes reports whether the request changes something, and so may not be repeated.
func (r request) writes() bool { return r.method != http.MethodGet }

// target returns path and query, without a leading slash.
func (r request) target() string {
	t := "v1" + r.path
	if len(r.query) > 0 {
		t += "?" + r.query.Encode()
	}
	return t
}

func (r request) encoded() ([]byte, error) {
	if r.body == nil {
		return nil, nil
	}
	return json.Marshal(r.body)
}

// answer is what came back, of any status.
type answer struct {
	status     int
	retryAfter time.Duration
	body       []byte
}

// sender carries requests, each once. An error is an [*Error].
type sender interface {
	send(context.Context, request) (answer, error)
	credentials() (detect.Secret, advice)
}

// call sends the request and reads its answer into a value.
func call(ctx context.Context, s sender, r request, into any) error {
	if err := ctx.Err(); err != nil {
		return r.failed(false, "", err)
	}
	a, err := s.send(ctx, r)
	if err != nil {
		return err
	}
	if a.status != http.StatusOK {
		credential, words := s.credentials()
		return r.decide(a, credential, words)
	}
	if err := json.Unmarshal(a.body, into); err != nil {
		e := r.failed(true, "but not with what was asked for", nil)
		e.Status = a.status
		return e
	}
	return nil
}

// id is what Clerk's ids look like: they become part of paths.
var id = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`) })

// checkID refuses what cannot be the id of a thing, and what is a credential rather than an id.
func checkID(kind, value string) error {
	if !id().MatchString(value) || secretLooking().MatchString(value) {
		return errors.New("this is not the id of " + kind)
	}
	return nil
}

var secretLooking = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(sk_|ak_|whsec_)`) })

// isSecretKey reports whether an answer's secret key is one of the environment.
func isSecretKey(key string, env detect.Environment) bool {
	return secretKey().MatchString(key) && key[len("sk_"):len("sk_")+len(env)] == string(env)
}

var secretKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^sk_(test|live)_[A-Za-z0-9]{20,200}$`) })

// environment reads Clerk's word for it.
func environment(word string) (detect.Environment, bool) {
	switch word {
	case "production":
		return detect.Live, true
	case "development":
		return detect.Test, true
	}
	return "", false
}
