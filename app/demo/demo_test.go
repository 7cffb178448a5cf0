package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestDemoComesOutAsItMust(t *testing.T) {
	t.Parallel()
	var out, errOut bytes.Buffer
	if status := run(t.Context(), []string{"--once"}, &out, &errOut); status != 0 {
		t.Fatalf("exit status %d:\n%s%s", status, &out, &errOut)
	}
	for _, want := range []string{"A clean commit", "production key", "fork's pull request", "annotation  .env.production:3", "All came out as it must"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo's output lacks %q:\n%s", want, &out)
		}
	}
}
