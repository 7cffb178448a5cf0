package lock_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/lock"
)

// TestOtherEcosystems reads Clerk's packages where they are none of npm's.
func TestOtherEcosystems(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, text, want string }{
		{"go", "go.mod", "module m\n\ngo 1.22\n\nrequire (\n\tgithub.com/a/b v1.0.0\n\tgithub.com/clerk/clerk-sdk-go/v2 v2.3.1\n)\n", "github.com/clerk/clerk-sdk-go/v2 2.3.1 7:2 github.com/clerk/clerk-sdk-go/v2 v2.3.1"},
		{"go, replaced", "go.mod", "module m\n\nrequire github.com/clerk/clerk-sdk-go/v2 v2.3.1\n\nreplace github.com/clerk/clerk-sdk-go/v2 => ../sdk\n", "github.com/clerk/clerk-sdk-go/v2 ? replaced by ../sdk 3:1 require github.com/clerk/clerk-sdk-go/v2 v2.3.1"},
		{"go, damaged", "go.mod", "module m\n\nrequire (\n\tgithub.com/clerk", "note isn't a valid go.mod"},
		{"uv", "uv.lock", "version = 1\n\n[[package]]\nname = \"clerk-backend-api\"\nversion = \"3.1.0\"\nsource = { registry = \"https://pypi.org/simple\" }\n", "clerk-backend-api 3.1.0 4:1 name = \"clerk-backend-api\""},
		{"uv, from git", "uv.lock", "[[package]]\nname = \"clerk-backend-api\"\nversion = \"3.1.0\"\nsource = { git = \"https://github.com/a/b?rev=1#2\" }\n", "clerk-backend-api ? no version of a registry 2:1 name = \"clerk-backend-api\""},
		{"poetry", "poetry.lock", "[[package]]\nname = \"PyJWT\"\nversion = \"2.9.0\"\noptional = false\n\n[[package]]\nname = \"clerk_backend_api\"\nversion = \"1.0.0\"\n\n[package.source]\ntype = \"git\"\nurl = \"https://example.com\"\n", "clerk-backend-api ? no version of a registry 7:1 name = \"clerk_backend_api\""},
		{"poetry, cut", "poetry.lock", "[[package]]\nname = \"clerk-backend-api\"\nversion = \"3.", "note isn't valid TOML"},
		{
			"pip", "requirements-dev.txt", "# clerk-backend-api==1.0.0\nclerk-backend-api==3.1.0 --hash=sha256:00\nPyJWT[crypto]>=2 # ==1\npython-jose==3.*\n",
			"clerk-backend-api 3.1.0 2:1 clerk-backend-api",
		},
		{"pip, with a marker", "requirements.txt", "clerk-backend-api == 3.1.0 ; python_version < '3.9'\nclerk-backend-api @ https://example.com/a.whl\n", "clerk-backend-api ? not fixed 1:1 clerk-backend-api; clerk-backend-api ? not fixed 2:1 clerk-backend-api"},
		{"pip, several lines", "constraints.txt", "clerk-backend-api==3.1.0 \\\n    --hash=sha256:00 \\\n    --hash=sha256:01\n", "clerk-backend-api 3.1.0 1:1 clerk-backend-api"},
		{"pipenv", "Pipfile.lock", "{\"default\": {\n\"clerk-backend-api\": {\"version\": \"==3.1.0\"},\n\"Clerk_Backend.API\": {\"git\": \"https://example.com\"}}}", "clerk-backend-api 3.1.0 2:1 \"clerk-backend-api\"; clerk-backend-api ? no version of a registry 3:1 \"Clerk_Backend.API\""},
		{"bundler", "Gemfile.lock", "GIT\n  specs:\n    clerk-http-client (2.9.0)\n\nGEM\n  remote: https://rubygems.org/\n  specs:\n    clerk-sdk-ruby (4.2.0)\n      jwt (~> 2.5)\n\nDEPENDENCIES\n  clerk-sdk-ruby\n", "clerk-http-client ? no version of a registry 3:5 clerk-http-client; clerk-sdk-ruby 4.2.0 8:5 clerk-sdk-ruby"},
		{"bundler, in conflict", "Gemfile.lock", "GEM\n  specs:\n<<<<<<< HEAD\n    jwt (2.9.0)\n", "note has an unresolved merge conflict"},
		{"composer", "composer.lock", "{\"packages\": [\n{\n\"name\": \"clerkinc/backend-php\", \"version\": \"v0.5.0\"}, {\"name\": \"clerkinc/backend-php\", \"version\": \"dev-main\"}]}", "clerkinc/backend-php 0.5.0 3:1 \"name\": \"clerkinc/backend-php\"; clerkinc/backend-php ? no release 3:1 \"name\": \"clerkinc/backend-php\""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			x := lock.Open(files{"svc/" + test.file: []byte(test.text)}, clerks)
			at := func(v lock.Version) string {
				before := test.text[:v.Start]
				return fmt.Sprintf("%d:%d %s", strings.Count(before, "\n")+1, v.Start-strings.LastIndex(before, "\n"), test.text[v.Start:v.End])
			}
			var got []string
			for _, v := range x.All() {
				if v.Number == "" {
					v.Number = "? " + v.Why
				}
				got = append(got, fmt.Sprintf("%s %s %s", v.Package, v.Number, at(v)))
			}
			for _, n := range x.Notes() {
				got = append(got, "note "+n.Text)
			}
			if all := strings.Join(got, "; "); all != test.want {
				t.Errorf("got %s\nwant %s", all, test.want)
			}
		})
	}
}
