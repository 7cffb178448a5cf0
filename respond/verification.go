package respond

import (
	"fmt"
	"time"
)

// Why says for what reason Clerk is asked.
type Why string

// The reasons.
const (
	Rotated  Why = "rotated"  // somebody said that the key is rotated
	Closed   Why = "closed"   // somebody closed the issue by hand
	Watching Why = "watching" // the policy says to watch
)

// Verification is a question to Clerk, with what is to be done with its answer.
type Verification struct {
	Why     Why
	By      string // login of who caused it; "" for Watching
	Role    Role   // what that person may do in the leak's repository
	Attempt int    // how often this question was asked already, without an answer
	Command string `json:"Word"` // id of the command that caused it; part of the key
}

func verifyAction(l Leak, q Verification, after time.Duration) Action {
	a := leakAction(AskClerk, l, fmt.Sprintf("ask:%s:%s:%d", q.Why, q.Command, q.Attempt))
	a.Verification, a.After = q, after
	return a
}
