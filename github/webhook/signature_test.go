package webhook_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/github/webhook"
)

// The example on GitHub's page "Validating webhook deliveries".
func TestSignIsGitHubs(t *testing.T) {
	const want = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	if got := webhook.Sign("It's a Secret to Everybody", []byte("Hello, World!")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVerify(t *testing.T) {
	body := []byte(`{"zen":"Keep it logically awesome."}`)
	good := webhook.Sign("new", body)
	mac := hmac.New(sha1.New, []byte("new"))
	mac.Write(body)
	old := "sha1=" + hex.EncodeToString(mac.Sum(nil))
	for name, test := range map[string]struct {
		header  http.Header
		secrets []string
		want    error
	}{
		"good":                        {http.Header{"X-Hub-Signature-256": {good}}, []string{"new"}, nil},
		"both signatures":             {http.Header{"X-Hub-Signature-256": {good}, "X-Hub-Signature": {old}}, []string{"new"}, nil},
		"second secret":               {http.Header{"X-Hub-Signature-256": {good}}, []string{"old", "new"}, nil},
		"first secret":                {http.Header{"X-Hub-Signature-256": {good}}, []string{"new", "old"}, nil},
		"upper case":                  {http.Header{"X-Hub-Signature-256": {"sha256=" + strings.ToUpper(good[7:])}}, []string{"new"}, nil},
		"another secret":              {http.Header{"X-Hub-Signature-256": {good}}, []string{"old"}, webhook.ErrSignature},
		"unsigned":                    {http.Header{}, []string{"new"}, webhook.ErrUnsigned},
		"sha-1 only":                  {http.Header{"X-Hub-Signature": {old}}, []string{"new"}, webhook.ErrSHA1},
		"sha-1 in the wrong header":   {http.Header{"X-Hub-Signature-256": {old}}, []string{"new"}, webhook.ErrSignature},
		"empty header":                {http.Header{"X-Hub-Signature-256": {""}}, []string{"new"}, webhook.ErrSignature},
		"no digits":                   {http.Header{"X-Hub-Signature-256": {"sha256="}}, []string{"new"}, webhook.ErrSignature},
		"not hex":                     {http.Header{"X-Hub-Signature-256": {"sha256=" + strings.Repeat("g", 64)}}, []string{"new"}, webhook.ErrSignature},
		"cut":                         {http.Header{"X-Hub-Signature-256": {good[:40]}}, []string{"new"}, webhook.ErrSignature},
		"longer":                      {http.Header{"X-Hub-Signature-256": {good + "00"}}, []string{"new"}, webhook.ErrSignature},
		"no prefix":                   {http.Header{"X-Hub-Signature-256": {good[7:]}}, []string{"new"}, webhook.ErrSignature},
		"two signatures":              {http.Header{"X-Hub-Signature-256": {good, good}}, []string{"new"}, webhook.ErrSignature},
		"no secrets":                  {http.Header{"X-Hub-Signature-256": {good}}, nil, webhook.ErrNoSecret},
		"no secrets, unsigned":        {http.Header{}, nil, webhook.ErrNoSecret},
		"an empty secret":             {http.Header{"X-Hub-Signature-256": {webhook.Sign("", body)}}, []string{""}, webhook.ErrNoSecret},
		"an empty secret among them":  {http.Header{"X-Hub-Signature-256": {good}}, []string{"new", ""}, webhook.ErrNoSecret},
		"a signature of another body": {http.Header{"X-Hub-Signature-256": {webhook.Sign("new", body[1:])}}, []string{"new"}, webhook.ErrSignature},
	} {
		t.Run(name, func(t *testing.T) {
			if err := webhook.Verify(test.header, body, test.secrets); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// FuzzVerify: nothing but the very signature passes.
func FuzzVerify(f *testing.F) {
	f.Add("secret", []byte("body"), "sha256=00")
	f.Add("secret", []byte(""), webhook.Sign("secret", nil))
	f.Add("", []byte("x"), webhook.Sign("", []byte("x")))
	f.Fuzz(func(t *testing.T, secret string, body []byte, signature string) {
		header := http.Header{"X-Hub-Signature-256": {signature}}
		err := webhook.Verify(header, body, []string{secret})
		right := secret != "" && strings.HasPrefix(signature, "sha256=") &&
			strings.EqualFold(signature, webhook.Sign(secret, body))
		if right != (err == nil) {
			t.Errorf("signature %q of %q: %v", signature, body, err)
		}
		header.Set("X-Hub-Signature-256", webhook.Sign(secret, body))
		if err := webhook.Verify(header, body, []string{secret}); secret != "" && err != nil {
			t.Errorf("our own signature: %v", err)
		}
	})
}
