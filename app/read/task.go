package read

import (
	"context"
	"slices"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond"
)

// Task is one reading of what a repository got: Want and all that it reaches, but not what the haves reach.
type Task struct {
	Repository github.Repository
	Trigger    respond.Trigger
	Ref        string   // where it was pushed; "" where the event does not tell
	Want       string   // object id: a commit, or an annotated tag
	Also       []string // further commits to read, of earlier pushes of which something was left
	Head       string   // the commit that gets the check run; "" where there is none to get it
	Base       string   // the have that the event names; "" if none
	From       string   // where the reading really begins: another than Base where nobody has read that; "" for the beginning
	Listed     []string // commits that GitHub lists in the event: some of the range, or all of it
	Distinct   []string // those of them that it says were pushed to no ref before
	Lost       bool     // Base is known, and nobody has read it or is going to
	Others     bool     // haves are not the event's base alone: of the range they may reach what was read for other refs
	Pull       int
	Pusher     string    // login
	Again      bool      // somebody asked to look again
	Forced     bool      // the ref was moved to a commit that does not follow Base
	Received   time.Time // when the event came; tips that are younger may hold what is wanted
	Policy     bool      // the push changed the policy file
	Names      bool      // the push touched a file that names packages

	Before      string // with Policy: what the push moved the ref from; "" for none
	Fork        bool   // a pull request from another repository: its author need not have write access
	Author      string // login of who opened the pull request
	Association string // what the event says of the author
	Into        string // branch that a pull request is to be merged into

	// Within is done in the transaction in which what was found is recorded; nil: nothing. Its error undoes that.
	Within func(ctx context.Context, tx Tx) error
}

// movesRef reports whether the task reads what a ref got, which is then its recorded tip.
func (t *Task) movesRef() bool {
	return t.Trigger == respond.TriggerPush || t.Trigger == respond.TriggerSweep
}

// wants lists what is to be read, once each.
func (t *Task) wants() []string {
	wants := append([]string{t.Want}, t.Also...)
	slices.Sort(wants)
	return slices.Compact(wants)
}
