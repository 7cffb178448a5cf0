package policy_test

import (
	"fmt"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/policy"
)

// The repository's file goes over the organisation's: what it does not say stays as it was.
func Example() {
	organisation, err := policy.Parse([]byte("fail_on: high\nverify: never\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	repository, err := policy.Parse([]byte(`
verify: on-request
allow:
  paths:
    - path: docs/**
      reason: keys of the tutorial, which were deleted
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	p := policy.Merge(organisation, repository)
	fmt.Println(p.FailOn, p.Verify)

	allowed := policy.AllowedAt(p.Allow, time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC))
	for _, env := range []detect.Environment{detect.Test, detect.Live} {
		reason, ok := allowed.Path(env, "docs/quickstart.md")
		fmt.Printf("%s %t %q\n", env, ok, reason)
	}
	// Output:
	// high on-request
	// test true "keys of the tutorial, which were deleted"
	// live false ""
}

// A mistake names its line, and what may stand there.
func ExampleParse() {
	_, err := policy.Parse([]byte("fail_on: high\nverify: sometimes\n"))
	fmt.Println(err)
	// Output:
	// .github/rekey.yml, line 2: verify must be one of never, on-request, watch
}
