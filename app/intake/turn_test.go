package intake

import (
	"testing"

	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/turn"
)

func TestSetTurn(t *testing.T) {
	t.Parallel()
	const sha = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
	for name, c := range map[string]struct {
		event, body string
		lane, head  string
		class       turn.Class
	}{
		"a push":                           {"push", `{"ref":"refs/heads/main","after":"` + sha + `"}`, "ref f921bd05e68b0374 of 9", sha, turn.Push},
		"a branch's end":                   {"push", `{"ref":"refs/heads/main","after":"0000000000000000000000000000000000000000"}`, "ref f921bd05e68b0374 of 9", "", turn.Push},
		"a pull request of the repository": {"pull_request", `{"number":3,"pull_request":{"author_association":"NONE","head":{"repo":{"id":9}}}}`, "pull request 3 of 9", "", turn.Member},
		"a member's from a fork":           {"pull_request", `{"number":3,"pull_request":{"author_association":"MEMBER","head":{"repo":{"id":10}}}}`, "pull request 3 of 9", "", turn.Member},
		"a stranger's":                     {"pull_request", `{"number":3,"pull_request":{"author_association":"CONTRIBUTOR","head":{"repo":{"id":10}}}}`, "pull request 3 of 9", "", turn.Stranger},
		"one whose fork is gone":           {"pull_request", `{"number":3,"pull_request":{"author_association":"NONE","head":{"repo":null}}}`, "pull request 3 of 9", "", turn.Stranger},
		"a comment":                        {"issue_comment", `{}`, "events of 9", "", turn.Push},
		"a wiki":                           {"gollum", `{}`, "events of 9", "", turn.Push},
		"a release":                        {"release", `{}`, "events of 9", "", turn.Push},
		"a run of Actions":                 {"workflow_run", `{}`, "", "", turn.Background},
		"an installation":                  {"installation", `{}`, "installation 7", "", turn.Push},
		"a check run":                      {"check_run", `{}`, "", "", turn.Push},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := ledger.Delivery{Event: c.event, Body: []byte(c.body), Installation: 7, Repository: 9}
			setTurn(&d)
			if d.Lane != c.lane || d.Head != c.head || d.Class != c.class {
				t.Errorf("%q, %q, %s; want %q, %q, %s", d.Lane, d.Head, d.Class, c.lane, c.head, c.class)
			}
		})
	}
}
