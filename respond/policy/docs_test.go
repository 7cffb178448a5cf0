package policy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond/policy"
)

// TestDocumentedPolicy: the example in the documentation is a policy, by parser and by schema.
func TestDocumentedPolicy(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), "```yaml\n")
	example, _, closed := strings.Cut(rest, "```")
	if !found || !closed {
		t.Fatal("the documentation has no example")
	}
	f, err := policy.Parse([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Notify) != 2 || len(f.Allow.Paths) != 1 || f.IssuesRepository == nil {
		t.Errorf("%+v", f)
	}
	if err := schema(t).Validate(asJSON(t, example)); err != nil {
		t.Error(err)
	}
}
