package github

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/crypto/nacl/box"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// noSecret is for what holds none.
var noSecret detect.Secret

// sealed is a value that only GitHub can read.
type sealed struct {
	Value        string  `json:"encrypted_value"`
	KeyID        string  `json:"key_id"`
	Visibility   string  `json:"visibility,omitempty"`
	Repositories []int64 `json:"selected_repository_ids,omitzero"` // none is not the same as no list
}

// seal seals a value for a store.
func (s *Session) seal(ctx context.Context, store string, value detect.Secret) (sealed, error) {
	var key struct {
		ID  string `json:"key_id"`
		Key string `json:"key"`
	}
	if err := s.api.Do(ctx, destination.Request{Method: http.MethodGet, Path: store + "/public-key", Doing: "read the public key for secrets"}, &key); err != nil {
		return sealed{}, err //nolint:wrapcheck // says it all
	}
	public, err := base64.StdEncoding.DecodeString(key.Key)
	if err != nil || len(public) != 32 || key.ID == "" {
		return sealed{}, errors.New("read the public key for secrets on GitHub: its answer is not what its description says")
	}
	text, err := box.SealAnonymous(nil, []byte(value.Reveal()), (*[32]byte)(public), rand.Reader)
	if err != nil {
		return sealed{}, fmt.Errorf("seal the value: %w", err)
	}
	return sealed{Value: base64.StdEncoding.EncodeToString(text), KeyID: key.ID}, nil
}
