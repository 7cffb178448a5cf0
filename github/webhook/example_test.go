package webhook_test

import (
	"fmt"
	"net/http"

	"github.com/rekey-app/rekey/github/webhook"
)

func Example() {
	body := []byte(`{"ref":"refs/heads/main","before":"1111111111111111111111111111111111111111",` +
		`"after":"2222222222222222222222222222222222222222","repository":{"id":7,"full_name":"acme/api"},"installation":{"id":9}}`)
	header := http.Header{"X-Github-Event": {"push"}, "X-Hub-Signature-256": {webhook.Sign("the new secret", body)}}

	// While a secret is changed, both fit.
	if err := webhook.Verify(header, body, []string{"the old secret", "the new secret"}); err != nil {
		fmt.Println(err)
		return
	}
	event, err := webhook.Decode(header.Get("X-GitHub-Event"), body)
	if err != nil {
		fmt.Println(err)
		return
	}
	if push, ok := event.(*webhook.Push); ok {
		fmt.Println(push.Repository.Owner, push.Branch(), push.After[:7])
	}
	// Output: acme main 2222222
}
