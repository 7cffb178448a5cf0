package respond_test

import (
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/clerk"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/policy"
)

// A leak from somebody's word to Clerk's answer: each step is a decision, which the caller writes down and performs.
func Example() {
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	facts := respond.LeakFacts{
		Repository: respond.Repository{ID: 7, Owner: "acme", Name: "shop", URL: "https://github.com/acme/shop", Private: true},
		Leak: ledger.Leak{
			ID: 1, Repository: 7, Kind: "secret_key", Environment: "live", Redacted: "sk_live_…a1b2", State: ledger.Open,
			Detected: now, IssueNumber: 12,
		},
		Policy: policy.Default(),
	}
	said, reason, _ := respond.Command("We replaced it.\n\n/rekey rotated")
	heard := respond.Hear(facts, respond.Word{Said: said, Reason: reason, By: "ada", Role: "write", ID: "comment:5", At: now.Add(20 * time.Minute)})
	for _, c := range heard.Changes {
		facts.Leak = respond.Apply(facts.Leak, c)
	}
	ask := heard.Actions[0]
	fmt.Println(ask.Do, ask.Ask.Why)

	learned := respond.Learn(facts, ask.Ask, clerk.Answer{State: clerk.Revoked}, now.Add(21*time.Minute))
	for _, c := range learned.Changes {
		facts.Leak = respond.Apply(facts.Leak, c)
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

// Comments hold commands only where a person would take them for one.
func ExampleCommand() {
	for _, body := range []string{"/rekey ignore a decoy of our own", "> /rekey rotated", "`/rekey rotated`"} {
		said, reason, found := respond.Command(body)
		fmt.Printf("%t %q %q\n", found, said, reason)
	}
	// Output:
	// true "ignore" "a decoy of our own"
	// false "" ""
	// false "" ""
}
