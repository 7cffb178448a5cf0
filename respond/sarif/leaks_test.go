package sarif_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/sarif"
	"github.com/rekey-app/rekey/respond/sarif/sariftest"
)

func leak(id int64, env detect.Environment) respond.Leak {
	return respond.Leak{
		ID: id, Repository: 9, Fingerprint: fmt.Sprintf("%032x", id), Kind: detect.SecretKey, Environment: env, Severity: detect.CriticalSeverity,
		Redacted: "sk_live_…a1b2", Instance: "clerk.acme.com", IssueNumber: 12, IssueRepository: 9,
	}
}

// TestLogsOfLeaksKeepTheSchema, whatever paths are called, and say what is to be said where.
func TestLogsOfLeaksKeepTheSchema(t *testing.T) {
	t.Parallel()
	places := []sarif.LeakPlace{
		{Leak: leak(1, detect.Live), Path: "src/.env", Line: 3},
		{Leak: leak(1, detect.Live), Path: "src/.env", Line: 9},
		{Leak: leak(2, detect.Test), Path: "old.env", Line: 1, Gone: true},
		{Leak: leak(1, detect.Live), Path: "a.zip", Member: "x/.env", Line: 40},
	}
	for _, odd := range []string{"a:b/c", "we ird#?%.env", "\xff\xfe\n", strings.Repeat("d/", 300) + "f"} {
		places = append(places, sarif.LeakPlace{Leak: leak(3, detect.Live), Path: odd})
	}
	for name, list := range map[string][]sarif.LeakPlace{"nothing": nil, "some": places} {
		for _, hidden := range []bool{false, true} {
			text, err := json.Marshal(sarif.OfLeaks(list, hidden))
			if err != nil {
				t.Fatal(err)
			}
			sariftest.Validate(t, name, text)
			if told := bytes.Contains(text, []byte("a1b2")) || bytes.Contains(text, []byte("clerk.acme.com")); told == (hidden || list == nil) {
				t.Errorf("%s, hidden %v: tells of the credential %v", name, hidden, told)
			}
			if again, err := json.Marshal(sarif.OfLeaks(list, hidden)); err != nil || !bytes.Equal(text, again) {
				t.Errorf("%s: the same places make another log, %v", name, err)
			}
		}
	}
	run := sarif.OfLeaks(places, false).Runs[0]
	if run.Details == nil || run.Details.ID != "rekey/" || len(run.Tool.Driver.Rules) != 2 || len(run.Results) != len(places) {
		t.Fatalf("%+v", run)
	}
	prints := map[string]bool{}
	for i, r := range run.Results {
		key := r.PartialFingerprints["credentialAndPlace/v1"]
		if prints[key] || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID || r.Locations[0].PhysicalLocation.Region.StartLine < 1 {
			t.Errorf("result %d: %+v", i, r)
		}
		prints[key] = true
	}
	if first := run.Results[0]; first.Message.Text != "Clerk production secret key sk_live_…a1b2, probably of clerk.acme.com. Removing the line isn't enough: rotate it in Clerk. Issue #12 has the steps." {
		t.Errorf("%q", first.Message.Text)
	}
	if gone := run.Results[2].Message.Text; !strings.Contains(gone, "It was removed from this file, but removing a line doesn't revoke it") {
		t.Errorf("%q", gone)
	}
	many := make([]sarif.LeakPlace, sarif.MaxResults+5)
	for i := range many {
		many[i] = sarif.LeakPlace{Leak: leak(1, detect.Live), Path: fmt.Sprint(i)}
	}
	if n := len(sarif.OfLeaks(many, false).Runs[0].Results); n != sarif.MaxResults {
		t.Errorf("%d results", n)
	}
}
