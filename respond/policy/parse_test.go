package policy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
)

const full = `# everything
lock: [fail_on, issues]
mode: observe
fail_on: high
verify: watch
issues:
  off: false
  repository: acme/security
  labels: [security, "clerk: leak"]
  assignees:
    - ada
  max_per_hour: 3
  accepts: [acme/shop, "acme/*"]
allow:
  fingerprints:
    - fingerprint: 0123456789abcdef0123456789abcdef
      reason: a decoy of our own
      expires: 2027-01-31
  paths:
    - path: "**/fixtures/**"
      reason: made up for tests
public:
  annotations: false
  details: true
notify:
  - to: security-team
  - to: pager
    on: [opened]
ignore:
  approval: team:acme/security
remind:
  after: [12h, 3d]
  every: 2w
  quiet: 22:30-06:00
  time_zone: Europe/Berlin
  escalate: {after: 3d, to: pager}
texts: {redact: mask, logs: true}
audit: {check: fail, level: all, issue: true}
`

func TestParseAndMerge(t *testing.T) {
	t.Parallel()
	f, err := policy.Parse([]byte(full))
	if err != nil {
		t.Fatal(err)
	}
	want := respond.Policy{
		Mode: respond.ModeObserve, FailOn: "high", Verify: respond.VerifyWatch, Unread: respond.UnreadFails,
		Issues: respond.IssuePolicy{Repository: "acme/security", Labels: []string{"security", "clerk: leak"}, Assignees: []string{"ada"}, MaxPerHour: 3},
		Allow: respond.AllowList{
			Fingerprints: []respond.AllowedFingerprint{{Fingerprint: "0123456789abcdef0123456789abcdef", Reason: "a decoy of our own", Expires: time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)}},
			Paths:        []respond.AllowedPath{{Path: "**/fixtures/**", Reason: "made up for tests"}},
		},
		Public: respond.PublicPolicy{HideLines: true, Details: true},
		Notify: []respond.NotifyRule{{To: "security-team"}, {To: "pager", On: []respond.NoticeKind{"opened"}}},
		Ignore: respond.IgnorePolicy{Approval: "team:acme/security"},
		Remind: respond.RemindPolicy{
			After: []time.Duration{12 * time.Hour, 72 * time.Hour}, Every: 14 * 24 * time.Hour, Zone: "Europe/Berlin",
			Quiet: respond.QuietHours{From: 22*60 + 30, To: 6 * 60}, Escalate: respond.Escalation{After: 72 * time.Hour, To: "pager"},
		},
		Texts: respond.TextPolicy{Redact: respond.RedactMask, Logs: true},
		Audit: respond.AuditPolicy{Check: respond.AuditFail, Level: respond.AuditAll, Issue: true},
	}
	if diff := cmp.Diff(want, policy.Merge(f)); diff != "" {
		t.Error(diff)
	}
	f.Lock = nil
	over, err := policy.Parse([]byte("issues: {labels: [], off: true}\nnotify: []\nallow: {paths: [{path: a, reason: b}]}\n"))
	if err != nil {
		t.Fatal(err)
	}
	want.Issues.Labels, want.Issues.Off, want.Notify = []string{}, true, []respond.NotifyRule{}
	want.Allow.Paths = append(want.Allow.Paths, respond.AllowedPath{Path: "a", Reason: "b"})
	if diff := cmp.Diff(want, policy.Merge(f, over)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(respond.DefaultPolicy(), policy.Merge()); diff != "" {
		t.Error(diff)
	}
}

func TestMistakesNameTheirLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text string
		line int
		says string
	}{
		{"fial_on: any\n", 1, `no setting "fial_on"; there are allow, audit, code_scanning, fail_on`},
		{"verify: never\nfail_on: sometimes\n", 2, "fail_on must be one of any, low"},
		{"issues:\n  labels: security\n", 2, "issues.labels must be a list"},
		{"issues:\n  labels:\n    - ok\n    - 7\n", 4, "issues.labels must be 1 to 50"},
		{"issues:\n", 1, "issues is empty"},
		{"issues:\n  max_per_hour: 0\n", 2, "from 1 to 100"},
		{"issues:\n  off: yes please\n", 2, "true or false"},
		{"issues: {assignees: ['@ada']}\n", 1, "without @"},
		{"allow:\n  paths:\n    - path: a\n", 3, `needs "reason"`},
		{"allow:\n  paths:\n    - path: a\n      reason: '  '\n", 4, "some words"},
		{"allow:\n  paths:\n    - path: 'a[b'\n      reason: b\n", 3, "not known"},
		{"allow:\n  fingerprints:\n    - fingerprint: abc\n      reason: b\n", 3, "32 hexadecimal"},
		{"allow:\n  paths:\n    - {path: a, reason: b, expires: 2027-02-30}\n", 3, "a day"},
		{"verify: never\nverify: watch\n", 2, "set twice"},
		{"issues: {accepts: [acme]}\n", 1, "owner/* for all of an owner"},
		{"notify:\n  - to: x\n    on: [opened, opened]\n", 3, "twice"},
		{"- a\n- b\n", 1, "a mapping"},
		{"a: [\n", 1, "invalid YAML"},
		{"verify: never\n---\nverify: watch\n", 0, "more than one document"},
		{"x: &a 1\ny: *a\n", 1, "no setting"},
		{"verify: &a never\nfail_on: *a\n", 2, "aliases are not supported"},
		{"lock: fail_on\n", 1, "lock must be a list"},
		{"lock:\n  - fail_on\n  - accepts\n", 3, "one of allow, audit, code_scanning, fail_on, ignore, issues"},
		{"lock: [issues, issues]\n", 1, "lock names issues twice"},
		{"mode: off\n", 1, "one of enforce, observe"},
		{"ignore: {approval: two}\n", 1, "one of none, second_person, team:organisation/name"},
		{"ignore:\n  approval: team:acme\n", 2, "team:organisation/name"},
		{"audit: true\n", 1, "one of off, notice, fail, or a mapping"},
		{"audit: neutral\n", 1, "one of off, notice, fail, or a mapping"},
		{"audit:\n  level: 2\n", 2, "one of default, all"},
		{"audit:\n  check: all\n", 2, "one of off, notice, fail"},
		{"audit:\n  issue: fail\n", 2, "true or false"},
		{"texts: {redact: delete}\n", 1, "one of off, mask"},
		{"texts:\n  logs: always\n", 2, "true or false"},
		{"remind: never\n", 1, "off, or a mapping"},
		{"remind:\n  after: [3d, 1d]\n", 2, "longer than the one before"},
		{"remind:\n  every: 2y\n", 2, "12h, 3d or 1w"},
		{"remind:\n  after: [400d]\n", 2, "at most a year"},
		{"remind: {quiet: 20-8}\n", 1, `hours such as "20:00-08:00"`},
		{"remind: {time_zone: Europe/Atlantis}\n", 1, "such as Europe/Berlin"},
		{"remind: {time_zone: Local}\n", 1, "such as Europe/Berlin"},
		{"remind: {escalate: {after: 3d}}\n", 1, `needs "to"`},
		{strings.Repeat("# long\n", 20_000), 0, "larger than 64 KiB"},
		{"allow:\n  paths:\n    - {path: " + strings.Repeat("a", 201) + ", reason: b}\n", 3, "200 characters"},
		{"allow:\n  paths:\n" + strings.Repeat("    - {path: a, reason: b}\n", 201), 3, "201 entries; at most 200"},
		{"allow:\n  paths:\n" + strings.Repeat("    - {path: "+strings.Repeat("a", 200)+", reason: b}\n", 42), 43, "more than 8192 bytes in all"},
	} {
		_, err := policy.Parse([]byte(tt.text))
		var mistake *policy.Error
		if !errors.As(err, &mistake) || mistake.Line != tt.line || !strings.Contains(mistake.Message, tt.says) {
			t.Errorf("%.40q: %v", tt.text, err)
		}
	}
}

func TestFailOn(t *testing.T) {
	t.Parallel()
	for f, want := range map[respond.FailOn]string{
		"": "critical high medium low ", "any": "critical high medium low ", "low": "critical high medium low ",
		"medium": "critical high medium ", "high": "critical high ", "critical": "critical ", "none": "",
	} {
		got := ""
		for _, s := range []detect.Severity{"critical", "high", "medium", "low"} {
			if f.Fails(s) {
				got += string(s) + " "
			}
		}
		if got != want {
			t.Errorf("%q fails on %s", f, got)
		}
	}
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile("../../docs/rekey.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("rekey.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("rekey.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// asJSON reads YAML as editors do: days are texts.
func asJSON(t interface{ Fatal(...any) }, text string) any {
	var v any
	if err := yaml.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	var plain func(any) any
	plain = func(v any) any {
		switch v := v.(type) {
		case time.Time:
			return v.Format(time.DateOnly)
		case []any:
			for i := range v {
				v[i] = plain(v[i])
			}
		case map[string]any:
			for k := range v {
				v[k] = plain(v[k])
			}
		}
		return v
	}
	b, err := json.Marshal(plain(v))
	if err != nil {
		t.Fatal(err)
	}
	out, err := jsonschema.UnmarshalJSON(strings.NewReader(string(b)))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSchemaAndParserAgree makes policies, half of them without a mistake and the others mostly with one, and wants one
// verdict on each.
func TestSchemaAndParserAgree(t *testing.T) {
	t.Parallel()
	s := schema(t)
	rapid.Check(t, func(t *rapid.T) {
		flawed := rapid.Bool().Draw(t, "flawed")
		text := document(t, flawed)
		_, err := policy.Parse([]byte(text))
		if schemaErr := s.Validate(asJSON(t, text)); (err == nil) != (schemaErr == nil) {
			t.Fatalf("%s\nparser: %v\nschema: %v", text, err, schemaErr)
		}
		if err != nil && !flawed {
			t.Fatalf("%s\nis valid, but: %v", text, err)
		}
	})
	if err := s.Validate(asJSON(t, full)); err != nil {
		t.Error(err)
	}
}

// document writes a policy as JSON, which is YAML. Unless it is flawed it is valid; otherwise most of its values are.
func document(t *rapid.T, flawed bool) string {
	odd := rapid.SampledFrom([]any{nil, true, 7, 0, -1, "", " ", "x", "@ada", "a/b", "a/b/c", "any", []any{}, []any{"x"}, map[string]any{}, "line\nline", "2027-01-31", "2027-02-30", "[a]", strings.Repeat("x", 51), strings.Repeat("0a", 16), "never"})
	wrong := rapid.SampledFrom([]bool{true, false, false, false, false, false, false, false, false, false, false, false})
	pick := func(name string, values ...any) any {
		if flawed && wrong.Draw(t, "wrong") {
			return odd.Draw(t, name)
		}
		return rapid.SampledFrom(values).Draw(t, name)
	}
	// An object of the root may lack any field; one of a list needs all of them to be valid.
	object := func(name string, fields map[string]func() any, required bool) any {
		out := map[string]any{}
		for _, k := range sorted(fields) {
			if (required && !flawed) || rapid.IntRange(0, 9).Draw(t, k+"?") < 8 {
				out[k] = fields[k]()
			}
		}
		if !flawed {
			return out
		}
		if rapid.IntRange(0, 99).Draw(t, "extra") == 7 {
			out["extra"] = 1
		}
		if rapid.IntRange(0, 99).Draw(t, "other") == 7 {
			return odd.Draw(t, name)
		}
		return out
	}
	list := func(name string, of func() any) any {
		out := []any{}
		for range rapid.IntRange(0, 2).Draw(t, name+" n") {
			v := of()
			if again := slices.ContainsFunc(out, func(u any) bool { return reflect.DeepEqual(u, v) }); flawed || !again {
				out = append(out, v)
			}
		}
		return out
	}
	entry := func(key string, values ...any) func() any {
		return func() any {
			return object(key, map[string]func() any{
				key:       func() any { return pick(key, values...) },
				"reason":  func() any { return pick("reason", "because", "a b c", "ü") },
				"expires": func() any { return pick("expires", "2027-01-31", "2028-02-29") },
			}, true)
		}
	}
	doc := object("root", map[string]func() any{
		"lock": func() any {
			return list("lock", func() any { return pick("locked", "fail_on", "issues", "allow", "mode", "notify") })
		},
		"mode":    func() any { return pick("mode", "enforce", "observe") },
		"fail_on": func() any { return pick("fail_on", "any", "none", "high") },
		"verify":  func() any { return pick("verify", "never", "on-request", "watch") },
		"issues": func() any {
			return object("issues", map[string]func() any{
				"off":          func() any { return pick("off", true, false) },
				"repository":   func() any { return pick("repository", "acme/security") },
				"labels":       func() any { return list("labels", func() any { return pick("label", "rekey", "clerk: leak") }) },
				"assignees":    func() any { return list("assignees", func() any { return pick("assignee", "ada", "Grace-H") }) },
				"max_per_hour": func() any { return pick("max", 1, 10, 100) },
				"accepts":      func() any { return list("accepts", func() any { return pick("accepted", "acme/shop", "acme/*") }) },
			}, false)
		},
		"allow": func() any {
			return object("allow", map[string]func() any{
				"fingerprints": func() any { return list("fingerprints", entry("fingerprint", strings.Repeat("0a", 16))) },
				"paths":        func() any { return list("paths", entry("path", "**/fixtures/**", "*.snap", ".env?")) },
			}, false)
		},
		"audit": func() any {
			if rapid.Bool().Draw(t, "word") {
				return pick("audit", "off", false, "notice", "fail")
			}
			return object("audit", map[string]func() any{
				"check": func() any { return pick("check", "off", false, "notice", "fail") },
				"level": func() any { return pick("level", "default", "all") },
				"issue": func() any { return pick("issue", true, false) },
			}, false)
		},
		"public": func() any {
			return object("public", map[string]func() any{
				"annotations": func() any { return pick("annotations", true, false) },
				"details":     func() any { return pick("details", true, false) },
			}, false)
		},
		"notify": func() any {
			return list("notify", func() any {
				return object("target", map[string]func() any{
					"to": func() any { return pick("to", "security-team", "pager") },
					"on": func() any { return list("on", func() any { return pick("event", "opened", "revoked", "resolved") }) },
				}, true)
			})
		},
		"ignore": func() any {
			return object("ignore", map[string]func() any{
				"approval": func() any { return pick("approval", "none", "second_person", "team:acme/security") },
			}, false)
		},
		"remind": func() any {
			if rapid.IntRange(0, 9).Draw(t, "reminders off") == 0 {
				return pick("remind", "off", false)
			}
			return object("remind", map[string]func() any{
				"after":     func() any { return pick("after", []any{"1d", "3d"}, []any{"12h", "1w"}, []any{}) },
				"every":     func() any { return pick("every", "7d", "off", false) },
				"quiet":     func() any { return pick("quiet", "20:00-08:00", "off", "00:00-23:59") },
				"time_zone": func() any { return rapid.SampledFrom([]string{"UTC", "America/Argentina/Ushuaia"}).Draw(t, "zone") },
				"escalate": func() any {
					return object("escalate", map[string]func() any{
						"after": func() any { return pick("escalate after", "3d", "366d", "52w") },
						"to":    func() any { return pick("escalate to", "security-team") },
					}, true)
				},
			}, false)
		},
	}, false)
	b, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func sorted(m map[string]func() any) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	for i := range out {
		for j := i; j > 0 && out[j] < out[j-1]; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("? {a: b}\n: c\n"))
	f.Add([]byte("<<: {verify: never}\n"))
	f.Add([]byte("\xff\xfe"))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := policy.Parse(text)
		if err != nil {
			var mistake *policy.Error
			if !errors.As(err, &mistake) {
				t.Fatalf("not an Error: %v", err)
			}
			return
		}
		_ = fmt.Sprint(policy.Merge(got, got))
	})
}
