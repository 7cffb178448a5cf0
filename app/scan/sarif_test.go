package scan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/excerpt"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond/sarif"
	"github.com/rekey-app/rekey/respond/sarif/sariftest"
)

// everyKind returns a result with a hit of every kind, and with what makes trouble in logs.
func everyKind() Result {
	r := Result{Allowed: 1, Ignored: 2, Problems: []Problem{{Path: "gone", Reason: "no such file"}, {Path: "a.zip!b", Reason: "encrypted", Part: true}}}
	kinds := []detect.Kind{
		detect.SecretKey, detect.LegacyAPIKey, detect.WebhookSecret, detect.MachineSecretKey, detect.PlatformAPIKey,
		detect.APIKey, detect.OAuthClientSecret, detect.EncryptionKey, detect.ClaimURL,
	}
	for i, k := range kinds {
		r.Hits = append(r.Hits, Hit{File: "src/.env", Finding: detect.Finding{
			Kind: k, Environment: detect.Live, Severity: detect.CriticalSeverity, Confidence: detect.HighConfidence,
			Reasons: detect.Reasons{{Code: detect.ClerkOnLine}}, Encoding: "plain", Secret: detect.NewSecret(strings.Repeat("k", 30+i)),
			Place: detect.Place{Offset: 3, End: 33, Line: 2, Column: 4, EndLine: 3, EndColumn: 2},
		}, Excerpt: excerpt.Excerpt{Column: 3, EndColumn: 2}})
	}
	development := r.Hits[0]
	development.Environment, development.Secret = detect.Test, detect.NewSecret(strings.Repeat("d", 40))
	r.Hits = append(r.Hits, development)
	odd := r.Hits[0]
	for _, name := range []string{"a:b/c", "we ird#?%.env", "\xff\xfe\n", "../up", "/etc/x", "x!y", strings.Repeat("d/", 300) + "f", ""} {
		odd.File, odd.Excerpt = name, excerpt.Excerpt{}
		r.Hits = append(r.Hits, odd)
	}
	odd.Root, odd.File, odd.Member = "backup", "b.zip", "app/.env"
	r.Hits = append(r.Hits, odd)
	odd.Root, odd.File, odd.Member = "", ".env", ""
	odd.Commit, odd.Blob = strings.Repeat("a", 40), strings.Repeat("b", 40)
	odd.Author = pack.Person{Name: "Ann", When: time.Unix(1, 0)}
	odd.Place, odd.Confidence, odd.Severity = detect.Place{Offset: -1}, detect.LowConfidence, detect.LowSeverity
	r.Hits = append(r.Hits, odd)
	return r
}

func writeLog(t *testing.T, r Result) (text []byte, log sarif.Log) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteSARIF(&b, r, SARIFOptions{Version: "v1.2.3", Dir: "/srv/shop"}); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b.Bytes(), &log); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), log
}

func TestSARIFKeepsTheSchema(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Result{"nothing": {}, "every kind": everyKind()} {
		text, _ := writeLog(t, r)
		sariftest.Validate(t, name, text)
	}
}

// TestSARIFIsWhatCodeScanningTakes holds the log against GitHub's "SARIF support for code scanning".
func TestSARIFIsWhatCodeScanningTakes(t *testing.T) {
	t.Parallel()
	r := everyKind()
	_, log := writeLog(t, r)
	run := log.Runs[0]
	if len(run.Results) != len(r.Hits) || run.Tool.Driver.Name == "" || run.Tool.Driver.Version == "" {
		t.Fatalf("%d results of %q", len(run.Results), run.Tool.Driver.Name)
	}
	for _, rule := range run.Tool.Driver.Rules {
		if rule.ID == "" || rule.ShortDescription.Text == "" || rule.FullDescription.Text == "" || rule.Help.Text == "" ||
			len(rule.ID) > 255 || len(rule.ShortDescription.Text) > 1024 || rule.Properties["security-severity"] == "" {
			t.Errorf("rule %+v", rule)
		}
	}
	prints := map[string]bool{}
	for i, result := range run.Results {
		if run.Tool.Driver.Rules[result.RuleIndex].ID != result.RuleID {
			t.Errorf("result %d names rule %q by index %d", i, result.RuleID, result.RuleIndex)
		}
		if !slices.Contains([]string{"error", "warning", "note"}, result.Level) || result.Message.Text == "" {
			t.Errorf("result %d: level %q, message %q", i, result.Level, result.Message.Text)
		}
		place := result.Locations[0].PhysicalLocation
		address, err := url.Parse(place.ArtifactLocation.URI)
		if err != nil {
			t.Errorf("result %d: %v", i, err)
			continue
		}
		if inside := place.ArtifactLocation.BaseID == "%SRCROOT%"; inside == address.IsAbs() || inside && strings.HasPrefix(address.Path, "/") {
			t.Errorf("result %d: address %q", i, place.ArtifactLocation.URI)
		}
		if g := place.Region; g == nil || g.StartLine < 1 || g.StartColumn < 0 || g.EndLine != 0 && g.EndLine < g.StartLine {
			t.Errorf("result %d: region %+v", i, g)
		}
		for _, print := range result.PartialFingerprints {
			print += place.ArtifactLocation.URI
			if prints[print] {
				t.Errorf("result %d: fingerprint %q stands for two results of one file", i, print)
			}
			prints[print] = true
		}
	}
	if invocation := run.Invocations[0]; invocation.Successful || len(invocation.Notifications) != 2 {
		t.Errorf("invocation %+v", invocation)
	}
	many := Result{}
	for i := range mostResults + 5 {
		h := r.Hits[0]
		h.File = fmt.Sprintf("%d/.env", i)
		many.Hits = append(many.Hits, h)
	}
	if _, log := writeLog(t, many); len(log.Runs[0].Results) != mostResults || len(log.Runs[0].Invocations[0].Notifications) != 1 {
		t.Errorf("%d results of %d", len(log.Runs[0].Results), len(many.Hits))
	}
}

// TestSARIFRulesBySeverity: code scanning takes the severity of an alert from its rule.
func TestSARIFRulesBySeverity(t *testing.T) {
	t.Parallel()
	_, log := writeLog(t, everyKind())
	severities := map[string]any{}
	for _, rule := range log.Runs[0].Tool.Driver.Rules {
		severities[rule.ID] = rule.Properties["security-severity"]
	}
	for id, want := range map[string]string{
		"clerk/secret-key-production": "9.5", "clerk/secret-key-development": "5.5", "clerk/webhook-secret-production": "7.5",
	} {
		if severities[id] != want {
			t.Errorf("%s: security-severity %v, want %s; all: %v", id, severities[id], want, severities)
		}
	}
}

// TestSARIFOneResultForEachCredentialAndPlace, however many commits brought it; each place with a fingerprint of its own,
// which does not depend on the line.
func TestSARIFOneResultForEachCredentialAndPlace(t *testing.T) {
	t.Parallel()
	first := everyKind().Hits[0]
	var r Result
	for i := range 140 {
		h := first
		h.Commit, h.Place.Line = fmt.Sprintf("%040d", i), i+1
		h.Author.When = time.Unix(int64(i), 0)
		if i%2 == 1 {
			h.Secret, h.File = detect.NewSecret(strings.Repeat("z", 40)), "other"
		}
		if i == 100 {
			h.Refs = []string{"refs/heads/main"}
		}
		r.Hits = append(r.Hits, h)
	}
	_, log := writeLog(t, r)
	results := log.Runs[0].Results
	if len(results) != 2 || results[0].Properties["commits"] != 70.0 {
		t.Fatalf("%d results, %+v", len(results), results)
	}
	if line := results[0].Locations[0].PhysicalLocation.Region.StartLine; line != 101 {
		t.Errorf("line %d, want that of the content that main has now", line)
	}
	same := first
	three := Result{Hits: []Hit{first, same, same}}
	three.Hits[1].File, three.Hits[2].File = "b/.env", "c/.env"
	prints := func(r Result) (all []string) {
		_, log := writeLog(t, r)
		for _, result := range log.Runs[0].Results {
			for _, print := range result.PartialFingerprints {
				all = append(all, print)
			}
		}
		return all
	}
	before := prints(three)
	if len(before) != 3 || before[0] == before[1] || before[1] == before[2] || before[0] == before[2] {
		t.Errorf("fingerprints of three places: %v", before)
	}
	for i := range three.Hits {
		three.Hits[i].Place.Line += 10
	}
	if after := prints(three); !slices.Equal(before, after) {
		t.Errorf("fingerprints %v after lines moved, %v before", after, before)
	}
}

func TestSARIFAddresses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ root, file, want string }{
		{"", "src/.env", "src/.env"},
		{".", "src/.env", "src/.env"},
		{"sub", "x", "sub/x"},
		{"/srv/shop/sub", "x", "sub/x"},
		{"/srv/other", "x", "file:///srv/other/x"},
		{"../other", "x", "file:///srv/other/x"},
		{"", "a:b", "./a:b"},
		{"", "ä ?#", "%C3%A4%20%3F%23"},
		{"", "\xff", "%FF"},
	} {
		if got := resultOf(Hit{Root: c.root, File: c.file}, "/srv/shop").Locations[0].PhysicalLocation.ArtifactLocation.URI; got != c.want {
			t.Errorf("%q in %q is %q, want %q", c.file, c.root, got, c.want)
		}
	}
}
