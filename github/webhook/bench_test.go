package webhook_test

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/github/webhook/webhooktest"
)

// BenchmarkDecode decodes GitHub's last example of each event, and a comment as long as comments may be.
func BenchmarkDecode(b *testing.B) {
	events, err := webhooktest.Events()
	if err != nil {
		b.Fatal(err)
	}
	decode := func(name, event string, body []byte) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := webhook.Decode(event, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	for _, event := range events {
		switch event.Name {
		case "push", "pull_request", "issue_comment":
			decode(event.Name, event.Name, event.Examples[len(event.Examples)-1])
		}
	}
	long := strings.Repeat(`a line of a log that somebody pasted\n`, 65536/37)
	decode("long comment", "issue_comment", []byte(`{"action":"edited","issue":{"number":1},"comment":{"id":1,"body":"`+long+`"},`+
		`"changes":{"body":{"from":"`+long+`"}},`+repository+`}`))
}

func BenchmarkTexts(b *testing.B) {
	const payload = `{"action":"edited","issue":{"number":1,"title":"T","body":"B"},` +
		`"changes":{"title":{"from":"was T"},"body":{"from":"was B"}},` + repository + `}`
	event, err := webhook.Decode("issues", []byte(payload))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if len(webhook.Texts(event)) != 4 {
			b.Fatal("not four texts")
		}
	}
}
