package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// The reasons for which [Verify] refuses a delivery.
var (
	ErrUnsigned  = errors.New("webhook: the delivery is not signed: set the webhook's secret on GitHub")
	ErrSHA1      = errors.New("webhook: the delivery is signed with SHA-1 only: X-Hub-Signature-256 is missing")
	ErrSignature = errors.New("webhook: the signature does not fit: the secret here and the one on GitHub differ")
	ErrNoSecret  = errors.New("webhook: there is no secret to check signatures with, or it is empty")
)

const (
	signatureHeader = "X-Hub-Signature-256"
	sha1Header      = "X-Hub-Signature"
	signaturePrefix = "sha256="
)

// Verify checks X-Hub-Signature-256, the HMAC-SHA256 of the body, in constant time against each of the secrets; one
// that fits is enough, so that a secret can be changed without losing deliveries. Bodies that are not signed, or signed
// with SHA-1 only, are refused. Without secrets, or with an empty one, it refuses everything with [ErrNoSecret].
//
// GitHub's own example for the scheme is on its page "Validating webhook deliveries".
func Verify(header http.Header, body []byte, secrets []string) error {
	if len(secrets) == 0 {
		return ErrNoSecret
	}
	if slices.Contains(secrets, "") {
		return ErrNoSecret
	}
	given := header.Values(signatureHeader)
	switch {
	case len(given) == 0 && header.Get(sha1Header) != "":
		return ErrSHA1
	case len(given) == 0:
		return ErrUnsigned
	case len(given) > 1:
		return fmt.Errorf("%w (%d signatures)", ErrSignature, len(given))
	}
	digits, ok := strings.CutPrefix(given[0], signaturePrefix)
	if !ok {
		return ErrSignature
	}
	want, err := hex.DecodeString(digits)
	if err != nil || len(want) != sha256.Size {
		return ErrSignature
	}
	fits := false
	for _, secret := range secrets {
		fits = hmac.Equal(want, sum(secret, body)) || fits
	}
	if !fits {
		return ErrSignature
	}
	return nil
}

// Sign returns what GitHub puts into X-Hub-Signature-256.
func Sign(secret string, body []byte) string {
	return signaturePrefix + hex.EncodeToString(sum(secret, body))
}

func sum(secret string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return mac.Sum(nil)
}
