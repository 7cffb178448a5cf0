package manage

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"sync"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk/wire"
)

// instanceID is the id of an instance, which is the kid of its signing key.
var instanceID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^ins_[A-Za-z0-9]{1,64}$`) })

const maxJWKS = 64 << 10

// InstanceOf returns the instance of a publishable key, by asking its Frontend API for the public keys that sign sessions
// (GET https://HOST/.well-known/jwks.json): no credential is sent, and no key's "Last used" moves. HOST is what the publishable key says, so
// it is as trustworthy as the file the key is from: nothing is sent there but this. A nil transport is [http.DefaultTransport].
func InstanceOf(ctx context.Context, transport http.RoundTripper, publishable string) (Instance, error) {
	env, host, ok := detect.PublishableKey(publishable)
	if !ok || net.ParseIP(host) != nil {
		return Instance{}, errors.New("this is not a publishable key (pk_live_… or pk_test_…)")
	}
	r := request{op: "ask " + host + " for its instance", method: http.MethodGet}
	req, err := http.NewRequestWithContext(ctx, r.method, "https://"+host+"/.well-known/jwks.json", http.NoBody)
	if err != nil {
		return Instance{}, r.failed(false, "the publishable key names no host", nil)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := wire.Client(transport).Do(req)
	if err != nil {
		return Instance{}, r.failed(false, "it could not be reached, or did not answer", ctx.Err())
	}
	defer resp.Body.Close()
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxJWKS))
	if err != nil || resp.StatusCode != http.StatusOK || json.Unmarshal(body, &set) != nil {
		return Instance{}, r.failed(false, "it did not answer with the keys of an instance", ctx.Err())
	}
	for _, k := range set.Keys {
		if instanceID().MatchString(k.ID) {
			return Instance{ID: k.ID, Environment: env, PublishableKey: publishable}, nil
		}
	}
	return Instance{}, &Error{Kind: ErrNotFound, Op: r.op, what: "its keys do not say of which instance they are"}
}
