package intake_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/github/webhook"
)

// A delivery is answered once the store has it. One whose signature is wrong never gets there.
func Example() {
	stored := &store{}
	in, err := intake.New(intake.Config{Store: stored, Secrets: []string{"the webhook's secret"}, Metrics: prometheus.NewRegistry()})
	if err != nil {
		fmt.Println(err)
		return
	}
	routes := mux.NewRouter()
	in.Routes(routes)

	body := `{"zen":"Keep it logically awesome.","repository":{"id":7},"installation":{"id":9}}`
	for _, secret := range []string{"the webhook's secret", "another secret"} {
		r := httptest.NewRequest(http.MethodPost, "/webhook", strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-GitHub-Event", "push")
		r.Header.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
		r.Header.Set("X-Hub-Signature-256", webhook.Sign(secret, []byte(body)))
		w := httptest.NewRecorder()
		routes.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	if err := in.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println("stored:", len(stored.accepted), "for installation", stored.accepted[0].Installation)
	// Output:
	// 202
	// 401
	// stored: 1 for installation 9
}
