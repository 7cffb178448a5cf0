package policy_test

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/policy"
)

func TestNewFingerprints(t *testing.T) {
	t.Parallel()
	a, b := strings.Repeat("0a", 16), strings.Repeat("0b", 16)
	entry := func(fingerprint, more string) string {
		return "    - {fingerprint: " + fingerprint + ", reason: r" + more + "}\n"
	}
	list := func(entries ...string) string { return "allow:\n  fingerprints:\n" + strings.Join(entries, "") }
	for name, c := range map[string]struct{ before, after, want string }{
		"no file before":      {"", list(entry(a, "")), a},
		"nothing new":         {list(entry(a, "")), "verify: never\n" + list(entry(a, "")), ""},
		"one of two":          {list(entry(a, "")), list(entry(a, ""), entry(b, "")), b},
		"another reason":      {list(entry(a, "")), list(entry(a, "eally")), ""},
		"another day":         {list(entry(a, ", expires: 2026-01-31")), list(entry(a, ", expires: 2036-01-31")), a + "@2036-02-01"},
		"for ever":            {list(entry(a, ", expires: 2026-01-31")), list(entry(a, "")), a},
		"broken before":       {list(entry(a, "")) + "verfy: never\n", list(entry(a, ""), entry(b, "")), b},
		"broken in other way": {"[" + a, list(entry(a, "")), ""},
	} {
		after, err := policy.Parse([]byte(c.after))
		if err != nil {
			t.Fatal(name, err)
		}
		var got []string
		for _, f := range policy.NewFingerprints([]byte(c.before), after) {
			got = append(got, f.Entry())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, want %s", name, got, c.want)
		}
	}
}

func TestVouched(t *testing.T) {
	t.Parallel()
	f := policy.File{Allow: respond.AllowList{Fingerprints: []respond.AllowedFingerprint{{Fingerprint: "a"}, {Fingerprint: "m"}, {Fingerprint: "w"}, {Fingerprint: "?"}}}}
	roles := map[string]respond.Role{"a": "admin", "m": "maintain", "w": "write"}
	got := f.Vouched(func(entry string) (login string, role respond.Role) { return "by-" + entry, roles[entry] })
	for i, want := range []bool{true, true, false, false} {
		if got.Allow.Fingerprints[i].Production != want || f.Allow.Fingerprints[i].Production {
			t.Errorf("%d: %+v, before %+v", i, got.Allow.Fingerprints[i], f.Allow.Fingerprints[i])
		}
	}
	for _, a := range f.Production().Allow.Fingerprints {
		if !a.Production {
			t.Errorf("%+v", a)
		}
	}
}
