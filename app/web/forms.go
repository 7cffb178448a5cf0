package web

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
)

// FormField is the name of the field that holds a form's token.
const FormField = "form_token"

// FormToken is what the forms of a session hold, so that only pages which the session was shown can send them. secret is what
// only the session's browser has, such as the content of its cookie.
func FormToken(secret []byte) string {
	key, err := hkdf.Key(sha256.New, secret, nil, "rekey form token", sha256.Size)
	if err != nil {
		panic(err) // only for lengths that SHA-256 cannot give
	}
	return base64.RawURLEncoding.EncodeToString(key)
}

// FormIsOf reports whether a request's form holds the token of a session. It reads the request's body.
func FormIsOf(r *http.Request, secret []byte) bool {
	return len(secret) > 0 && hmac.Equal([]byte(r.PostFormValue(FormField)), []byte(FormToken(secret)))
}
