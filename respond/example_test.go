package respond_test

import (
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/text"
)

// A leak from somebody's word to Clerk's answer: each step is a decision, which the caller writes down and performs.
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
	said, reason, _ := text.ParseCommand("We replaced it.\n\n/rekey rotated")
	heard := respond.Apply(facts, respond.Command{Kind: said, Reason: reason, By: "ada", Role: "write", ID: "comment:5", At: now.Add(20 * time.Minute)})
	for _, c := range heard.Changes {
		facts.Leak = c.ApplyTo(facts.Leak)
	}
	ask := heard.Actions[0]
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
