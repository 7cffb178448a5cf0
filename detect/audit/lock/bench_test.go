package lock_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/lock"
)

// large returns a lockfile of about size bytes in which one package is Clerk's.
func large(name string, size int) []byte {
	var b strings.Builder
	integrity := "sha512-" + strings.Repeat("Ab0+", 21) + "Ab=="
	switch name {
	case "package-lock.json":
		b.WriteString(`{"name":"root","lockfileVersion":3,"requires":true,"packages":{"":{"dependencies":{"@clerk/backend":"^2.0.0"}},"node_modules/@clerk/backend":{"version":"2.4.5"}`)
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, ",\n    \"node_modules/package-%d\": {\n      \"version\": \"1.0.%d\",\n      \"resolved\": \"https://registry.npmjs.org/package-%d/-/package-%d-1.0.%d.tgz\",\n"+
				"      \"integrity\": %q,\n      \"license\": \"MIT\",\n      \"dependencies\": {\n        \"package-a\": \"^1.0.0\",\n        \"package-b\": \"^1.0.0\"\n      },\n      \"engines\": {\n        \"node\": \">=18\"\n      }\n    }", i, i, i, i, i, integrity)
		}
		b.WriteString("}}\n")
	case "pnpm-lock.yaml":
		b.WriteString("lockfileVersion: '9.0'\n\nimporters:\n\n  .:\n    dependencies:\n      '@clerk/backend':\n        specifier: ^2.0.0\n        version: 2.4.5\n\npackages:\n\n")
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, "  package-%d@1.0.%d:\n    resolution: {integrity: %s}\n    engines: {node: '>=18'}\n    dependencies:\n      package-a: 1.0.0\n      package-b: 1.0.0\n\n", i, i, integrity)
		}
	case "yarn.lock":
		b.WriteString("# yarn lockfile v1\n\n\n\"@clerk/backend@^2.0.0\":\n  version \"2.4.5\"\n\n")
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, "package-%d@^1.0.%d:\n  version \"1.0.%d\"\n  resolved \"https://registry.yarnpkg.com/package-%d/-/package-%d-1.0.%d.tgz\"\n  integrity %s\n  dependencies:\n    package-a \"^1.0.0\"\n\n", i, i, i, i, i, i, integrity)
		}
	case "bun.lock":
		b.WriteString("{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {\"\": {\"dependencies\": {\"@clerk/backend\": \"^2.0.0\",},},},\n  \"packages\": {\n    \"@clerk/backend\": [\"@clerk/backend@2.4.5\", \"\", {}, \"\"],\n")
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, "\n    \"package-%d\": [\"package-%d@1.0.%d\", \"\", { \"dependencies\": { \"package-a\": \"^1.0.0\" } }, %q],\n", i, i, i, integrity)
		}
		b.WriteString("  }\n}\n")
	}
	return []byte(b.String())
}

var lockfiles = []string{"package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"}

// BenchmarkOpen reads a lockfile of 20 MB.
func BenchmarkOpen(b *testing.B) {
	for _, name := range lockfiles {
		b.Run(name, func(b *testing.B) {
			f := files{"package.json": []byte(`{"dependencies": {"@clerk/backend": "^2.0.0"}}`), name: large(name, 20_000_000)}
			b.SetBytes(int64(len(f[name])))
			b.ReportAllocs()
			for b.Loop() {
				if v, ok := lock.Open(f, clerks).Through("a.ts", "@clerk/backend"); !ok || v.Number != "2.4.5" {
					b.Fatalf("%+v", v)
				}
			}
		})
	}
}

// TestMemory: a lockfile costs no more than a few times its size, however many packages it has. It runs alone: what others allocate would
// be counted.
func TestMemory(t *testing.T) {
	for _, name := range lockfiles {
		text := large(name, 2_000_000)
		f := files{"package.json": []byte(`{"dependencies": {"@clerk/backend": "^2.0.0"}}`), name: text}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		v, _ := lock.Open(f, clerks).Through("a.ts", "@clerk/backend")
		runtime.ReadMemStats(&after)
		if v.Number != "2.4.5" {
			t.Errorf("%s: %+v", name, v)
		}
		if used, most := after.TotalAlloc-before.TotalAlloc, uint64(4*len(text)); used > most {
			t.Errorf("%s: %d bytes allocated for %d, want at most %d", name, used, len(text), most)
		}
	}
}
