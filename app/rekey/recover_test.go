package main

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rekey-app/rekey/github/githubtest"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/queue"
)

// missed starts a GitHub whose log has two pushes and a ping that reached nobody, and opens the database in a directory as a server
// does; the settings name both: missed DIR.
func missed(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: missed DIR")
	}
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o700))
	ctx := context.Background()
	gh, err := githubtest.New(githubtest.Options{})
	ts.Check(err)
	ts.Defer(func() { ts.Check(gh.Close()) })
	for range 2 {
		gh.Deliver(ctx, "push", []byte(`{"ref":"refs/heads/main","installation":{"id":7},"repository":{"id":9}}`))
	}
	gh.Ping(ctx)
	key := filepath.Join(dir, "key.pem")
	ts.Check(os.WriteFile(key, gh.PrivateKeyPEM(), 0o600))
	s, err := queue.OpenStore(ctx, ledger.Options{URL: filepath.Join(dir, "rekey.db")})
	ts.Check(err)
	ts.Defer(func() { ts.Check(s.Close()) })
	ts.Setenv("REKEY_DATA", dir)
	ts.Setenv("REKEY_GITHUB_URL", gh.URL())
	ts.Setenv("REKEY_GITHUB_API_URL", gh.APIURL())
	ts.Setenv("REKEY_APP_ID", strconv.FormatInt(gh.AppID(), 10))
	ts.Setenv("REKEY_PRIVATE_KEY_FILE", key)
}

func TestLookback(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"3d": 72 * time.Hour, "1.5d": 36 * time.Hour, "12h": 12 * time.Hour, "90m": 90 * time.Minute,
		"": 0, "d": 0, "0d": 0, "-1d": 0, "1000000000d": 0, "NaNd": 0, "-1h": 0, "3": 0, "yesterday": 0,
	} {
		if got, err := lookback(text); got != want || (err == nil) != (want > 0) {
			t.Errorf("%q: %s, %v, want %s", text, got, err, want)
		}
	}
}
