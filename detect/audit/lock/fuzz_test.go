package lock_test

import (
	"bytes"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/lock"
)

// FuzzOpen reads any text as each kind of file. What is cut must not make a version that the whole doesn't have.
func FuzzOpen(f *testing.F) {
	names := []string{
		"package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "package.json", "pnpm-workspace.yaml",
		"go.mod", "uv.lock", "requirements.txt", "Pipfile.lock", "Gemfile.lock", "composer.lock",
	}
	manifest := []byte(`{"dependencies": {"@clerk/backend": "^2.0.0"}}`)
	for i, text := range []string{
		`{"lockfileVersion": 3, "packages": {"": {"dependencies": {"@clerk/backend": "^2.0.0"}}, "node_modules/@clerk/backend": {"version": "2.4.15"}}}`,
		"importers:\n  .:\n    dependencies:\n      '@clerk/backend':\n        specifier: ^2.0.0\n        version: 2.4.15\n",
		"\"@clerk/backend@^2.0.0\":\n  version \"2.4.15\"\n",
		`{"workspaces": {"": {"dependencies": {"@clerk/backend": "^2.0.0"}}}, "packages": {"@clerk/backend": ["@clerk/backend@2.4.15", "", {}]}}`,
	} {
		f.Add(byte(i), []byte(text), uint16(len(text)-8))
	}
	f.Add(byte(2), []byte("__metadata:\n  version: 8\n\"@clerk/backend@npm:^2.0.0\":\n  version: 2.4.15\n  resolution: \"@clerk/backend@npm:2.4.15\"\n"), uint16(9))
	f.Add(byte(1), []byte("? a\n: b\n- c\n'd''e': f\n\"g\\\"\": |\n  h\n"), uint16(3))
	f.Add(byte(0), bytes.Repeat([]byte("["), 5000), uint16(1))
	f.Fuzz(func(t *testing.T, kind byte, text []byte, cut uint16) {
		name := names[int(kind)%len(names)]
		open := func(text []byte) map[string]bool {
			repository := files{"package.json": manifest}
			repository[name] = append([]byte{}, text...)
			found := map[string]bool{}
			for _, v := range lock.Open(repository, clerks).All() {
				if v.Number != "" {
					found[v.Number] = true
				}
			}
			return found
		}
		whole := open(text)
		if int(kind)%len(names) > 3 || len(whole) == 0 || int(cut) >= len(text) {
			return
		}
		for number := range open(text[:cut]) {
			if !whole[number] {
				t.Errorf("%s cut at %d has version %s, whole %v", name, cut, number, whole)
			}
		}
	})
}
