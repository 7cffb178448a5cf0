package respond_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// TestTheDiagramShowsEveryTransition holds the picture in docs/architecture.md against all that can be decided about a leak.
func TestTheDiagramShowsEveryTransition(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, diagram, found := strings.Cut(string(doc), "```mermaid\nstateDiagram-v2\n")
	diagram, _, closed := strings.Cut(diagram, "```")
	if !found || !closed {
		t.Fatal("no state diagram in docs/architecture.md")
	}
	drawn := map[string]bool{}
	for _, edge := range regexp.MustCompile(`(?m)^\s*(\w+) --> (\w+)`).FindAllStringSubmatch(diagram, -1) {
		drawn[edge[1]+" > "+edge[2]] = true
	}
	possible := map[string]bool{}
	everyDecision(func(d respond.Decision) {
		for _, c := range d.Changes {
			if c.Moved() {
				possible[fmt.Sprintf("%s > %s", c.From, c.To)] = true
			}
		}
	})
	if diff := cmp.Diff(slices.Sorted(maps.Keys(possible)), slices.Sorted(maps.Keys(drawn))); diff != "" {
		t.Errorf("possible (-), drawn (+):\n%s", diff)
	}
}

// everyDecision goes through all states, keys, policies, commands, verdicts and scans that a decision can depend on.
func everyDecision(each func(respond.Decision)) {
	for _, state := range []respond.State{respond.Open, respond.Revoked, respond.Ignored, respond.Resolved} {
		for _, kind := range []detect.Kind{detect.SecretKey, detect.WebhookSecret} {
			for _, env := range []detect.Environment{detect.Live, detect.Test} {
				for _, by := range []string{"ada", respond.Self} {
					for _, verify := range []respond.Verify{respond.VerifyNever, respond.VerifyOnRequest, respond.VerifyWatch} {
						p := respond.DefaultPolicy()
						p.Verify = verify
						l := with(leak(kind, env, 1), filed)
						l.State, l.ClosedBy = state, by
						each(respond.CatchUp([]respond.Leak{l}, 0, p))
						everyStep(l, p, each)
						p.Ignore.Approval = respond.ApprovalSecondPerson
						l.Until, l.Request = monday, respond.Request{To: respond.Ignored, By: "grace", At: monday}
						everyStep(l, p, each)
						l.Request.To = respond.Resolved
						everyStep(l, p, each)
					}
				}
			}
		}
	}
}

func everyStep(l respond.Leak, p respond.Policy, each func(respond.Decision)) {
	for _, hidden := range []bool{false, true} {
		f := respond.LeakFacts{Repository: shop, Leak: l, Heads: []string{head}, Policy: p, Hidden: hidden}
		for _, role := range []respond.Role{respond.RoleAdmin, respond.RoleMaintain, respond.RoleWrite, respond.RoleTriage, respond.RoleRead, respond.RoleNone} {
			for _, kind := range []respond.CommandKind{
				respond.CommandRotated, respond.CommandIgnore, respond.CommandReopen, respond.CommandStatus, respond.CommandHelp,
				respond.CommandTriage, respond.CommandAccept, respond.CommandClosed, respond.CommandReopened, respond.CommandApprove, respond.CommandSnooze,
			} {
				for _, bot := range []bool{false, true} {
					each(respond.Apply(f, respond.Command{Kind: kind, Reason: "why", By: "ada", Role: role, ID: "1", At: monday, Bot: bot, Roles: map[string]respond.Role{"grace": role}}))
				}
			}
			for _, why := range []respond.Why{respond.Rotated, respond.Closed, respond.Watching} {
				for _, verdict := range []respond.Verdict{respond.KeyAlive, respond.KeyRevoked, respond.KeyFenced, respond.KeyUnknown, respond.KeyNotAsked} {
					for _, attempt := range []int{0, respond.MaxVerifications} {
						each(respond.Learn(f, respond.Verification{Why: why, By: "ada", Role: role, Attempt: attempt}, respond.Answer{State: verdict}, monday))
					}
				}
			}
		}
		for _, now := range []time.Time{monday.Add(-time.Hour), monday.Add(time.Hour), monday.Add(respond.ApprovalWithin)} {
			each(respond.FollowUp(f, now))
		}
		for _, issue := range []respond.IssueState{{}, {Open: true}, {Open: true, Reopened: true}, {Reopened: true}} {
			each(respond.Compare(f, issue, monday))
		}
	}
	for _, isNew := range []bool{false, true} {
		for _, outside := range []bool{false, true} {
			for _, allowed := range []bool{false, true} {
				scan := pushScan()
				scan.Outside, l.Outside = outside, outside
				s := sighting(1, "a", 1)
				s.Allowed = allowed
				each(respond.Decide(respond.ScanFacts{
					Repository: shop, Scan: scan, Seen: []respond.Seen{{Leak: l, New: isNew, Sightings: []respond.Sighting{s}}}, Policy: p, Now: monday.Add(time.Hour),
				}))
			}
		}
	}
}
