package notify_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/notify"
)

// A receiver of signed webhooks verifies what came with the secret that both know.
func Example() {
	secret := []byte(strings.Repeat("0123456789abcdef", 2))
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		want := notify.Sign(secret, r.Header.Get("Webhook-Id"), now, body)
		fmt.Println(r.Header.Get("Webhook-Id"), "genuine:", r.Header.Get("Webhook-Signature") == want["webhook-signature"])
		w.WriteHeader(http.StatusNoContent)
	}))
	defer receiver.Close()

	sender := notify.NewSender(nil, "rekey", func() time.Time { return now })
	target := notify.Target{Name: "team", Format: notify.JSONFormat, URL: receiver.URL, Secret: base64.StdEncoding.EncodeToString(secret)}
	err := sender.Send(context.Background(), target, respond.Notice{
		ID: "leak:7:notify:1:revoked", Type: "leak.revoked", Time: now,
		Repository: respond.NoticeRepository{ID: 3, Name: "acme/shop"},
		Leak:       respond.NoticeLeak{Description: "production secret key", State: respond.Revoked},
	})
	fmt.Println(target, err)
	// Output:
	// leak:7:notify:1:revoked genuine: true
	// team (json) <nil>
}
