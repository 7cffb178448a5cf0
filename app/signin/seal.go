package signin

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"time"
)

// secretLength is how many random bytes a session's cookie has.
const secretLength = 32

// secret is what a session's browser alone has.
type secret []byte

func newSecret() secret {
	s := make(secret, secretLength)
	_, _ = rand.Read(s) // never fails
	return s
}

// id names the session in the ledger.
func (s secret) id() string { return digest(s) }

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

var errSealed = errors.New("signin: sealed by somebody else, or damaged")

// seal encrypts v as JSON with AES-256-GCM, under a key that derives from a secret for one use; about is bound to it.
func seal(secret []byte, use, about string, v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	box, err := boxOf(secret, use)
	if err != nil {
		return nil, err
	}
	return box.Seal(nil, nil, text, []byte(about)), nil
}

// unseal undoes seal.
func unseal(secret []byte, use, about string, sealed []byte, v any) error {
	box, err := boxOf(secret, use)
	if err != nil {
		return err
	}
	text, err := box.Open(nil, nil, sealed, []byte(about))
	if err != nil {
		return errSealed
	}
	return json.Unmarshal(text, v)
}

func boxOf(secret []byte, use string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "rekey "+use, 32)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

const (
	sessionCookie = "rekey_session"
	stateCookie   = "rekey_signin"
)

// cookie makes one for this host alone. Without https, as on this machine, browsers take neither Secure nor the prefix.
func (s *SignIn) cookie(name, value string, lasts time.Duration) *http.Cookie {
	c := &http.Cookie{ //nolint:gosec // Secure wherever the site is https
		Name: name, Value: value, Path: "/", HttpOnly: true, Secure: s.Site.Secure(),
		SameSite: http.SameSiteLaxMode, // links from GitHub and Slack lead to pages
		MaxAge:   int(lasts.Seconds()),
	}
	if c.Secure {
		c.Name = "__Host-" + name
	}
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

func (s *SignIn) read(r *http.Request, name string) []byte {
	if s.Site.Secure() {
		name = "__Host-" + name
	}
	c, err := r.Cookie(name)
	if err != nil {
		return nil
	}
	value, err := base64.RawURLEncoding.DecodeString(c.Value)
	if err != nil {
		return nil
	}
	return value
}

// secretOf is what the session's cookie holds; nil: there is none.
func (s *SignIn) secretOf(r *http.Request) secret {
	value := s.read(r, sessionCookie)
	if len(value) != secretLength {
		return nil
	}
	return value
}
