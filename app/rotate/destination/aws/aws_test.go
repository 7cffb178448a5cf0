package aws

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/aws/awstest"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/detect"
)

const account = "123456789012"

func TestMain(m *testing.M) {
	destinationtest.Main(m, map[string]destinationtest.Program{"aws": awstest.Program})
}

func machine(t *testing.T, dir string, loggedIn bool) *destination.Machine {
	t.Helper()
	home := t.TempDir()
	if loggedIn {
		if err := os.MkdirAll(filepath.Join(home, ".aws"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, awstest.Config), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &destination.Machine{Environ: []string{"PATH=" + dir, "HOME=" + home}, Home: home, Now: time.Now}
}

func clone(files destinationtest.Files, judge func(string) destination.Holding) destination.Project {
	return destination.Project{Files: files, Variables: []string{"CLERK_SECRET_KEY"}, Environment: detect.Live, Judge: judge}
}

const task = `{"containerDefinitions": [{"secrets": [
  {"name": "DATABASE_URL", "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/db-AbCdEf"},
  {"name": "CLERK_SECRET_KEY", "valueFrom": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/app-AbCdEf:CLERK_SECRET_KEY::"}
]}]}`

// object is a secret with other members, in an order and with spaces of its own.
func object(value string) string {
	quoted, _ := json.Marshal(value)
	return "{\n  \"Z\": \"<1>\",  \"CLERK_SECRET_KEY\" : " + string(quoted) + ", \"A\": {\"CLERK_SECRET_KEY\": 1.0} }\n"
}

var now = time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)

// install puts the program and an account into a directory.
func install(t *testing.T, change func(*awstest.Memory)) string {
	t.Helper()
	dir := destinationtest.Install(t, "aws")
	destinationtest.Memory(t, dir, func(m *awstest.Memory) {
		m.Account, m.Now = account, now
		change(m)
	})
	return dir
}

// world is an account on which the place is the one that the files name.
func world(t *testing.T, judge func(string) destination.Holding, files destinationtest.Files, fill func(*awstest.Memory), read func(string) string, write func(*awstest.Memory, string)) *destinationtest.World {
	t.Helper()
	dir := install(t, fill)
	memory := func(change func(*awstest.Memory)) { destinationtest.Memory(t, dir, change) }
	return &destinationtest.World{
		Machine:   machine(t, dir, true),
		LoggedOut: machine(t, dir, false),
		Driver:    func(m *destination.Machine) destination.Driver { return New(m) },
		Project:   clone(files, judge),
		Unused:    clone(destinationtest.Files{"k8s.yaml": "kind: ExternalSecret\nspec: {data: [{secretKey: CLERK_SECRET_KEY, remoteRef: {key: clerk}}]}\n", "main.tf": "provider \"google\" {\n}\n"}, judge),
		Values: func() map[string]string {
			all := map[string]string{}
			memory(func(m *awstest.Memory) {
				for name, value := range m.Secrets {
					all["secret "+name] = read(value)
				}
				for name, one := range m.Parameters {
					all["parameter "+name] = one.Value
					one.Value = ""
					all["parameter "+name+" beside its value"] = fmt.Sprintf("%+v", one)
				}
			})
			return all
		},
		Key: func(p destination.Place) string {
			at := parse(p.ID)
			return string(at.kind) + " " + at.name
		},
		Requests:  func() int { return destinationtest.Runs(t, dir) },
		Seen:      func() string { return destinationtest.Calls(t, dir) },
		Trouble:   func(trouble destinationtest.Trouble) { memory(func(m *awstest.Memory) { m.Trouble = trouble }) },
		Overwrite: func(_ destination.Place, value string) { memory(func(m *awstest.Memory) { write(m, value) }) },
		Readable:  true,
	}
}

func TestDriverOfAMember(t *testing.T) {
	t.Parallel()
	destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
		t.Helper()
		return world(t, judge, destinationtest.Files{"task-definition.json": task}, func(m *awstest.Memory) {
			m.Secrets = map[string]string{"prod/app": object(compromised), "prod/db": "postgres://db"}
		}, func(value string) string { // the member, if the others are as they were
			var o struct {
				Value string `json:"CLERK_SECRET_KEY"`
			}
			if json.Unmarshal([]byte(value), &o) == nil && value == object(o.Value) {
				return o.Value
			}
			return value
		}, func(m *awstest.Memory, value string) { m.Secrets["prod/app"] = object(value) })
	})
}

func TestDriverOfAParameter(t *testing.T) {
	t.Parallel()
	destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
		t.Helper()
		files := destinationtest.Files{"template.yaml": "Transform: AWS::Serverless-2016-10-31\n  CLERK_SECRET_KEY: '{{resolve:ssm-secure:/shop/prod/clerk:1}}'\n"}
		parameter := awstest.Parameter{
			Value: compromised, Type: "SecureString", KeyID: "alias/shop", Tier: "Advanced", Description: "Clerk", AllowedPattern: ".*",
			Policies: `[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"90","Unit":"Days"}}]`,
		}
		return world(t, judge, files, func(m *awstest.Memory) {
			m.Parameters = map[string]awstest.Parameter{"/shop/prod/clerk": parameter, "/shop/prod/db": {Value: "x", Type: "String", Tier: "Standard"}}
		}, func(value string) string { return value }, func(m *awstest.Memory, value string) {
			parameter.Value = value
			m.Parameters["/shop/prod/clerk"] = parameter
		})
	})
}

func TestWhatIsFound(t *testing.T) {
	t.Parallel()
	sam := destinationtest.Files{"samconfig.toml": ""}
	for name, test := range map[string]struct {
		files   destinationtest.Files
		region  string
		account awstest.Memory
		want    []string
	}{
		"called after Clerk": {sam, "", awstest.Memory{
			Secrets:    map[string]string{"Prod/Clerk-Key": "sk_live_a", "clerk/webhook": "whsec", "staging/clerk": `{"CLERK_SECRET_KEY":"sk_test_b"}`, "other": "sk_live_c"},
			Parameters: map[string]awstest.Parameter{"CLERK_KEY": {Value: "sk_live_d", Type: "String"}},
		}, []string{
			"AWS secret Prod/Clerk-Key (eu-west-1, account 123456789012): same production", "AWS secret staging/clerk (eu-west-1, account 123456789012): other ",
			"AWS parameter CLERK_KEY (eu-west-1, account 123456789012): same ",
		}},
		"Terraform": {destinationtest.Files{"main.tf": "resource \"aws_secretsmanager_secret\" \"clerk\" {\n  name = \"app/auth\"\n}\nresource \"aws_secretsmanager_secret\" \"db\" {\n  name = \"app/db\"\n}\n"}, "", awstest.Memory{
			Secrets: map[string]string{"app/auth": "sk_live_a", "app/db": "x"},
		}, []string{"AWS secret app/auth"}},
		"a name without a slash": {destinationtest.Files{"task.json": `{"containerDefinitions":1,"name":"CLERK_SECRET_KEY","valueFrom":"arn:aws:ssm:eu-west-1:123456789012:parameter/key"}`}, "", awstest.Memory{
			Parameters: map[string]awstest.Parameter{"key": {Value: "sk_live_a", Type: "String"}},
		}, []string{"AWS parameter key "}},
		"another account": {destinationtest.Files{"task.json": task}, "", awstest.Memory{}, []string{"the account 123456789012 has no secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/app-AbCdEf, which task.json names"}},
		"a member of another name": {destinationtest.Files{"task.json": strings.ReplaceAll(task, ":CLERK_SECRET_KEY::", ":clerk.key::")}, "", awstest.Memory{
			Secrets: map[string]string{"prod/app": `{"clerk":{"key":"x"},"clerk.key":"sk_live_a","db":"x"}`},
		}, []string{"AWS secret prod/app (eu-west-1, account 123456789012): same production"}},
		"no such member": {destinationtest.Files{"task.json": task}, "", awstest.Memory{
			Secrets: map[string]string{"prod/app": `{"CLERK_KEY":"sk_live_a"}`},
		}, []string{"prod/app-AbCdEf, which task.json names, is an object without a member"}},
		"a binary secret": {destinationtest.Files{"task.json": strings.ReplaceAll(task, ":CLERK_SECRET_KEY::", "")}, "", awstest.Memory{
			Secrets: map[string]string{"prod/app": awstest.Binary},
		}, []string{"prod/app-AbCdEf, which task.json names, is binary"}},
		"a secret of another account": {destinationtest.Files{"task.json": strings.ReplaceAll(task, account, "999999999999")}, "", awstest.Memory{
			Secrets: map[string]string{"prod/app": `{"CLERK_SECRET_KEY":"sk_live_a"}`},
		}, []string{"task.json names the secret arn:aws:secretsmanager:eu-west-1:999999999999:secret:prod/app-AbCdEf of the account 999999999999, and the login is of 123456789012"}},
		"a parameter of another account": {destinationtest.Files{"task.json": `{"containerDefinitions":1,"name":"CLERK_SECRET_KEY","valueFrom":"arn:aws:ssm:eu-west-1:999999999999:parameter/key"}`}, "", awstest.Memory{
			Parameters: map[string]awstest.Parameter{"/key": {Value: "sk_live_a", Type: "String"}},
		}, []string{"names the parameter /key of the account 999999999999"}},
		"not installed": {sam, "", awstest.Memory{Account: "none"}, []string{"aws is not installed"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := install(t, func(m *awstest.Memory) { m.Secrets, m.Parameters = test.account.Secrets, test.account.Parameters })
			if test.account.Account != "" {
				dir = t.TempDir()
			}
			s := New(machine(t, dir, true)).Look(t.Context(), clone(test.files, func(v string) destination.Holding {
				return map[bool]destination.Holding{true: destination.Same, false: destination.Other}[strings.HasPrefix(v, "sk_live_")]
			}))
			var got []string
			for _, p := range s.Problems {
				got = append(got, p.What)
			}
			for _, p := range s.Places {
				got = append(got, fmt.Sprintf("%s: %s %s", p.Title, p.Holding, p.Scope))
			}
			if !slices.EqualFunc(got, test.want, strings.Contains) {
				t.Errorf("%q\nwant %q", got, test.want)
			}
		})
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]reference{
		"environment:\n  CLERK_SECRET_KEY: ${ssm:/clerk/key}":                                                                 {kind: ofParameters, id: "/clerk/key", sure: true},
		"CLERK_SECRET_KEY: '{{resolve:secretsmanager:clerk:SecretString:key}}'":                                               {kind: ofSecrets, id: "clerk", member: "key", sure: true},
		"- name: CLERK_SECRET_KEY\n  valueFrom: \"/clerk/key\"":                                                               {kind: ofParameters, id: "/clerk/key", sure: true},
		"kind: ExternalSecret\n- secretKey: CLERK_SECRET_KEY\n  remoteRef:\n    key: prod/clerk":                              {kind: ofSecrets, id: "prod/clerk"},
		"- name: CLERK_SECRET_KEY\n  value: x\n- name: OTHER\n  valueFrom: \"/other\"":                                        {},
		"- name: CLERK_SECRET_KEY_OLD\n  valueFrom: \"/other\"":                                                               {},
		"- name: CLERK_SECRET_KEY\n  valueFrom: \"--all\"":                                                                    {},
		"CLERK_SECRET_KEY = \"arn:aws:secretsmanager:${var.region}:${var.account}:secret:clerk\"":                             {},
		"\"name\": \"CLERK_SECRET_KEY\",\n\"valueFrom\": \"arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/a/clerk\"": {kind: ofParameters, id: "/a/clerk", region: "us-gov-west-1", account: "123456789012", sure: true},
		"CLERK_SECRET_KEY: arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf:clerk.key::":                       {kind: ofSecrets, id: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf", region: "eu-west-1", account: "123456789012", member: "clerk.key", sure: true},
		"kind: ExternalSecret\n- secretKey: CLERK_SECRET_KEY\n  remoteRef:\n    key: prod/app\n    property: clerk":           {kind: ofSecrets, id: "prod/app", member: "clerk"},
		"CLERK_SECRET_KEY: '{{resolve:secretsmanager:clerk:SecretString}}'":                                                   {kind: ofSecrets, id: "clerk", sure: true},
	} {
		got := fromText(text, "", []string{"CLERK_SECRET_KEY"})
		if want == (reference{}) && len(got) > 0 || want != (reference{}) && !slices.Equal(got, []reference{want}) {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

// A login of another account has a secret of the same name: it is not touched.
func TestAnotherAccountIsNotWritten(t *testing.T) {
	t.Parallel()
	dir := install(t, func(m *awstest.Memory) { m.Secrets = map[string]string{"clerk": "theirs"} })
	d := New(machine(t, dir, true))
	place := destination.Place{ID: id{kind: ofSecrets, account: "999999999999", region: awstest.Region, name: "clerk"}.String(), Title: "AWS secret clerk"}
	if err := d.Write(t.Context(), place, detect.NewSecret("new")); err == nil || !strings.Contains(err.Error(), "AWS_PROFILE") {
		t.Errorf("%v", err)
	}
	destinationtest.Memory(t, dir, func(m *awstest.Memory) {
		if m.Secrets["clerk"] != "theirs" {
			t.Error("it was written")
		}
	})
}

func TestOnWindowsAPersonSetsIt(t *testing.T) {
	t.Parallel()
	dir := install(t, func(m *awstest.Memory) { m.Secrets = map[string]string{"clerk": "x"} })
	d := New(machine(t, dir, true))
	d.system = "windows"
	s := d.Look(t.Context(), clone(destinationtest.Files{"samconfig.toml": ""}, nil))
	if !s.Used || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].Next, "WSL") || destinationtest.Runs(t, dir) > 0 {
		t.Errorf("%+v", s)
	}
}

// One member changes, and every other byte stays.
func TestOneMemberIsReplaced(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before, after, value := rapid.String().Draw(t, "before"), rapid.String().Draw(t, "after"), rapid.String().Draw(t, "value")
		b, _ := json.Marshal(before)
		a, _ := json.Marshal(after)
		head, tail := `{"x":`+string(b)+` , "KEY" :`, `,"y":[`+string(a)+`]}`
		got, err := replaced(head+`"old"`+tail, "KEY", value)
		if err != nil || !strings.HasPrefix(got, head) || !strings.HasSuffix(got, tail) {
			t.Fatalf("%q, %v", got, err)
		}
		var o struct {
			Key string `json:"KEY"`
		}
		want, _ := json.Marshal(value)
		if json.Unmarshal(ascii([]byte(got)), &o) != nil || o.Key != unquoted(want) { // what is no UTF-8 is replaced by both
			t.Fatalf("%q is read as %q", got, o.Key)
		}
	})
	for _, text := range []string{`sk_live_x`, `["KEY"]`, `{"KEY":1}`, `{"a":{"KEY":"x"}}`, `{"KEY":"x"`} {
		if got, err := replaced(text, "KEY", "v"); err == nil {
			t.Errorf("%s became %s", text, got)
		}
	}
}

func unquoted(text []byte) (s string) {
	_ = json.Unmarshal(text, &s)
	return s
}

// A secret that has the value already is not written again: what was there before would be pushed out. One that has become binary is not written at all.
func TestAWholeSecretIsWrittenOnce(t *testing.T) {
	t.Parallel()
	dir := install(t, func(m *awstest.Memory) { m.Secrets = map[string]string{"clerk": "old", "bundle": awstest.Binary} })
	d := New(machine(t, dir, true))
	at := func(name string) destination.Place {
		return destination.Place{ID: id{kind: ofSecrets, account: account, region: awstest.Region, name: name}.String(), Title: "AWS secret " + name}
	}
	for range 2 {
		if err := d.Write(t.Context(), at("clerk"), detect.NewSecret("new")); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(destinationtest.Calls(t, dir), "put-secret-value"); n != 1 {
		t.Errorf("it was written %d times", n)
	}
	if err := d.Write(t.Context(), at("bundle"), detect.NewSecret("new")); err == nil || !strings.Contains(err.Error(), "binary") {
		t.Errorf("%v", err)
	}
	destinationtest.Memory(t, dir, func(m *awstest.Memory) {
		if m.Secrets["bundle"] != awstest.Binary {
			t.Error("what is binary was written")
		}
	})
}
