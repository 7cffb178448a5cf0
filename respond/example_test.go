package respond_test

import (
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/text"
)

// A leak from a person's command to Clerk's answer: each step is a decision, which the caller writes down and performs.
func Example() {
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	facts := respond.LeakFacts{
		Repository: respond.Repository{ID: 7, Owner: "acme", Name: "shop", URL: "https://github.com/acme/shop", Private: true},
		Leak: respond.Leak{
			ID: 1, Repository: 7, Kind: "secret_key", Environment: "live", Redacted: "sk_live_…a1b2", State: respond.Open,
			Detected: now, IssueNumber: 12,
		},
		Policy: respond.DefaultPolicy(),
	}
	kind, reason, _ := text.ParseCommand("We replaced it.\n\n/rekey rotated")
	decided := respond.Apply(facts, respond.Command{Kind: kind, Reason: reason, By: "ada", Role: "write", ID: "comment:5", At: now.Add(20 * time.Minute)})
	for _, c := range decided.Changes {
		facts.Leak = c.ApplyTo(facts.Leak)
	}
	ask := decided.Actions[0]
	fmt.Println(ask.Do, ask.Verification.Why)

	learned := respond.Learn(facts, ask.Verification, respond.Answer{State: respond.KeyRevoked}, now.Add(21*time.Minute))
	for _, c := range learned.Changes {
		facts.Leak = c.ApplyTo(facts.Leak)
	}
	fmt.Println(facts.Leak.State, "by", facts.Leak.ClosedBy)
	for _, a := range learned.Actions {
		fmt.Println(a.Do)
	}
	// Output:
	// ask_clerk rotated
	// revoked by Clerk
	// close_issue
	// edit_issue
	// comment
}

// A scan that finds a key decides what follows: here an issue, and a notification of those whom the policy names. The check run of the
// scan's own head is published by whoever scans.
func ExampleDecide() {
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	found := respond.Seen{New: true, Leak: respond.Leak{
		ID: 1, Repository: 7, Kind: "secret_key", Environment: "live", Severity: "critical", Confidence: "high",
	}, Sightings: []respond.Sighting{{Path: "shop/.env", Line: 2}}}
	policy := respond.DefaultPolicy()
	policy.Notify = []respond.NotifyRule{{To: "team"}}
	decision := respond.Decide(respond.ScanFacts{
		Repository: respond.Repository{ID: 7, Owner: "acme", Name: "shop", Private: true},
		Scan:       respond.Scan{Repository: 7, Trigger: respond.TriggerPush}, Seen: []respond.Seen{found}, Policy: policy, Now: now,
	})
	for _, a := range decision.Actions {
		fmt.Println(a.Do, "for leak", a.Leak)
	}
	// Output:
	// file_issue for leak 1
	// notify for leak 1
}
