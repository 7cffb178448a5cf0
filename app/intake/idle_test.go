package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/ledger/ledgertest"
)

// reading takes "hunter2" for a credential, texts with "too long" for what can't be searched in time, and comments that hold no command for idle.
func reading() intake.Reading {
	return intake.Reading{
		Redact: func(_ context.Context, body []byte) []byte {
			if bytes.Contains(body, []byte("too long")) {
				return []byte("withheld")
			}
			return bytes.ReplaceAll(body, []byte("hunter2"), []byte("*******"))
		},
		Find: func(ctx context.Context, event string, body []byte) string {
			if ctx.Err() != nil || event != "issue_comment" || !bytes.Contains(body, []byte("hunter2")) {
				return ""
			}
			return `["found"]`
		},
		Idle: func(d ledger.Delivery) bool {
			return d.Event == "issue_comment" && !bytes.Contains(d.Body, []byte("/rekey"))
		},
	}
}

func commentOf(words string) string {
	body, _ := json.Marshal(map[string]any{
		"action": "created", "installation": map[string]any{"id": 7}, "repository": map[string]any{"id": 9}, "comment": map[string]any{"body": words},
	})
	return string(body)
}

// TestIdleDeliveriesAreFinishedAtOnce: what asks for nothing is on record, without its body and without a job, whichever way it came. What holds
// something, or asks for something, waits.
func TestIdleDeliveriesAreFinishedAtOnce(t *testing.T) {
	t.Parallel()
	ledgertest.Each(t, func(t *testing.T, url string) {
		s := ledgertest.Open(t, ledger.Options{URL: url, Now: ledgertest.Start})
		f := newFront(t, intake.Config{Store: s, Reading: reading(), Now: ledgertest.Start})
		for name, test := range map[string]struct {
			event, body string
			found       string
			idle        bool
		}{
			"clean":    {"issue_comment", commentOf("Thanks"), "", true},
			"command":  {"issue_comment", commentOf("/rekey status"), "", false},
			"withheld": {"issue_comment", commentOf("/rekey ignore too long"), "", false},
			"found":    {"issue_comment", commentOf("It is hunter2"), `["found"]`, false},
			"push":     {"push", commentOf("Thanks"), "", false},
			"pushed-2": {"push", commentOf("It is hunter2"), "", false},
		} {
			came := map[string]ledger.Delivery{}
			if code, answer := f.send(delivery("sent-"+name, test.event, test.body)); code != 202 {
				t.Fatalf("%s: %d %s", name, code, answer)
			}
			recovered, err := intake.Recovered(t.Context(), "recovered-"+name, test.event, []byte(test.body), ledgertest.Start().Add(-time.Hour), reading())
			if err != nil {
				t.Fatal(err)
			}
			accepted, err := s.Accept(t.Context(), []ledger.Delivery{recovered})
			if err != nil || accepted[0] != ledger.Accepted {
				t.Fatalf("%s: %v (%v)", name, accepted, err)
			}
			for _, way := range []string{"sent-", "recovered-"} {
				ledgertest.View(t, s, func(ctx context.Context, tx *ledger.Tx) error {
					d, err := tx.Delivery(ctx, way+name)
					came[way] = d
					return err
				})
				d := came[way]
				if d.Found != test.found || d.Finished.IsZero() == test.idle || (len(d.Body) == 0) != test.idle || (d.Outcome != "") != test.idle {
					t.Errorf("%s%s: found %q, finished %s (%s), %d bytes", way, name, d.Found, d.Finished, d.Outcome, len(d.Body))
				}
				if bytes.Contains(d.Body, []byte("hunter2")) {
					t.Errorf("%s%s: the credential is stored", way, name)
				}
			}
			if code, answer := f.send(delivery("sent-"+name, test.event, test.body)); (code == 200) != test.idle {
				t.Errorf("%s, sent again: %d %s", name, code, answer)
			}
		}
		ledgertest.View(t, s, func(ctx context.Context, tx *ledger.Tx) error {
			stats, err := tx.Stats(ctx)
			if err != nil {
				return err
			}
			waiting := 0
			for _, w := range stats.Waiting {
				waiting += w
			}
			if diff := cmp.Diff(10, waiting); diff != "" {
				t.Errorf("jobs that wait: %s", diff)
			}
			return nil
		})
	})
}

// TestWhatIsFoundOutlivesTheConnection: whoever sent a delivery may hang up while it is searched. What its texts hold is found all the same.
func TestWhatIsFoundOutlivesTheConnection(t *testing.T) {
	t.Parallel()
	s := &store{}
	f := newFront(t, intake.Config{Store: s, Reading: reading()})
	ctx, hangUp := context.WithCancel(t.Context())
	r := delivery("g", "issue_comment", commentOf("It is hunter2")).WithContext(ctx)
	redact := f.Redact
	f.Redact = func(ctx context.Context, body []byte) []byte {
		hangUp()
		return redact(ctx, body)
	}
	f.send(r)
	if err := f.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, d := range s.accepted {
		if d.Found == "" || !d.Finished.IsZero() {
			t.Errorf("stored as %q, finished %s: what it holds is lost", d.Found, d.Finished)
		}
	}
	if len(s.accepted) != 1 {
		t.Errorf("%d deliveries are stored", len(s.accepted))
	}
}
