package guide

import (
	"encoding/json"
	"path"
	"regexp"
	"strings"
)

// framework is a web framework or an SDK, with what is particular about Clerk's keys in it.
type framework struct {
	name     string
	prefix   string // of the variables that Clerk's SDK reads: "NUXT_"
	local    string // where developers have the variable on their machines
	note     string // Markdown; "" where there is nothing particular
	manifest string // the file that tells
	clerk    bool   // the manifest names a package of Clerk's
}

const noSecretInApp = "What runs in browsers or on phones needs no secret key, only the publishable key. If this app has no server of its own, do not replace the key here: take it out."

// nodeFrameworks are recognised by packages, the more particular first. The first package is Clerk's own.
func nodeFrameworks() []struct {
	clerk, plain string
	framework
} {
	return []struct {
		clerk, plain string
		framework
	}{
		{"@clerk/nuxt", "nuxt", framework{name: "Nuxt", prefix: "NUXT_", local: ".env", note: "In Nuxt the name has the prefix `NUXT_`; without it the running server does not see a new value."}},
		{"@clerk/nextjs", "next", framework{name: "Next.js", local: ".env.local", note: "Only server code reads it; never give it the prefix `NEXT_PUBLIC_`."}},
		{"@clerk/astro", "astro", framework{name: "Astro", local: ".env", note: "Never give it the prefix `PUBLIC_`."}},
		{"@clerk/tanstack-react-start", "@tanstack/react-start", framework{name: "TanStack Start", local: ".env", note: "Never give it the prefix `VITE_`."}},
		{"@clerk/react-router", "@react-router/node", framework{name: "React Router", local: ".env", note: "Never give it the prefix `VITE_`."}},
		{"@clerk/remix", "@remix-run/node", framework{name: "Remix", local: ".env"}},
		{"svelte-clerk", "@sveltejs/kit", framework{name: "SvelteKit", local: ".env", note: "Read it from `$env/static/private` or `$env/dynamic/private`, never from a `PUBLIC_` name."}},
		{"@clerk/express", "express", framework{name: "Express", local: ".env"}},
		{"@clerk/fastify", "fastify", framework{name: "Fastify", local: ".env"}},
		{"@hono/clerk-auth", "hono", framework{name: "Hono", local: ".env"}},
		{"@clerk/hono", "hono", framework{name: "Hono", local: ".env"}},
		{"@clerk/clerk-expo", "expo", framework{name: "Expo", local: ".env", note: noSecretInApp}},
		{"@clerk/expo", "expo", framework{name: "Expo", local: ".env", note: noSecretInApp}},
		{"@clerk/chrome-extension", "plasmo", framework{name: "browser extension", local: ".env.development", note: noSecretInApp}},
		{"@clerk/backend", "", framework{name: "Node.js", local: ".env"}},
		{"@clerk/clerk-sdk-node", "", framework{name: "Node.js", local: ".env"}},
		{"@clerk/vue", "", framework{name: "Vue", local: ".env", note: noSecretInApp}},
		{"@clerk/clerk-react", "", framework{name: "React", local: ".env", note: noSecretInApp}},
		{"@clerk/react", "", framework{name: "React", local: ".env", note: noSecretInApp}},
	}
}

// textFrameworks are recognised by words in manifests of other languages.
func textFrameworks() []struct {
	file  *regexp.Regexp // of the path
	clerk *regexp.Regexp // in the text
	also  string         // a second word, for frameworks of the same language; "" for none
	framework
} {
	type row = struct {
		file  *regexp.Regexp
		clerk *regexp.Regexp
		also  string
		framework
	}
	python := regexp.MustCompile(`(^|/)(pyproject\.toml|requirements[^/]*\.txt|Pipfile|setup\.cfg)$`)
	clerkPython := regexp.MustCompile(`(?i)\bclerk[-_]backend[-_]api\b|\bclerk[-_]sdk[-_]python\b`)
	ruby := regexp.MustCompile(`(^|/)Gemfile$`)
	clerkRuby := regexp.MustCompile(`clerk-sdk-ruby`)
	php := regexp.MustCompile(`(^|/)composer\.json$`)
	clerkPHP := regexp.MustCompile(`"clerk(inc)?/[a-z-]+"`)
	java := regexp.MustCompile(`(^|/)(pom\.xml|build\.gradle(\.kts)?|libs\.versions\.toml)$`)
	clerkJava := regexp.MustCompile(`com\.clerk`)
	return []row{
		{regexp.MustCompile(`(^|/)go\.mod$`), regexp.MustCompile(`github\.com/clerk(inc)?/clerk-sdk-go`), "", framework{name: "Go", local: ".env", note: "`clerk.SetKey(os.Getenv(\"CLERK_SECRET_KEY\"))`: the process reads it at its start, so restart it."}},
		{python, clerkPython, "django", framework{name: "Django", local: ".env"}},
		{python, clerkPython, "fastapi", framework{name: "FastAPI", local: ".env"}},
		{python, clerkPython, "flask", framework{name: "Flask", local: ".env"}},
		{python, clerkPython, "", framework{name: "Python", local: ".env", note: "`Clerk(bearer_auth=os.environ[\"CLERK_SECRET_KEY\"])`"}},
		{ruby, clerkRuby, "rails", framework{name: "Rails", local: ".env", note: "If it is in Rails' credentials: `bin/rails credentials:edit --environment production`."}},
		{ruby, clerkRuby, "", framework{name: "Ruby", local: ".env"}},
		{php, clerkPHP, "laravel/framework", framework{name: "Laravel", local: ".env", note: "After the change run `php artisan config:clear`; a cached configuration keeps the old key."}},
		{php, clerkPHP, "", framework{name: "PHP", local: ".env"}},
		{regexp.MustCompile(`(^|/)([^/]+\.(cs|fs|vb)proj|Directory\.Packages\.props)$`), regexp.MustCompile(`Clerk\.(BackendAPI|Net)`), "", framework{name: ".NET", local: "user secrets", note: "As configuration it is `Clerk:SecretKey`: `dotnet user-secrets set \"Clerk:SecretKey\"` for development, the variable `Clerk__SecretKey` on servers."}},
		{java, clerkJava, "spring", framework{name: "Spring", local: "application-local.properties", note: "Write `clerk.secret-key=${CLERK_SECRET_KEY}` in `application.properties`, never the key itself."}},
		{java, clerkJava, "", framework{name: "Java", local: ".env"}},
		{regexp.MustCompile(`(^|/)Cargo\.toml$`), regexp.MustCompile(`clerk-rs`), "", framework{name: "Rust", local: ".env"}},
		{regexp.MustCompile(`(^|/)mix\.exs$`), regexp.MustCompile(`:clerk`), "", framework{name: "Elixir", local: ".env"}},
	}
}

// framework returns the framework of the part of the repository that leaked: of the manifest that is nearest above the
// leaking file and names a package of Clerk's; else of the first that names one; else of one that only names a framework.
func (t *tree) framework(paths []string) *framework {
	var best *framework
	score := -1
	consider := func(f framework, manifest string) {
		s := 0
		if f.clerk {
			s = 1000
		}
		if f.note == noSecretInApp {
			s -= 100
		}
		dir := path.Dir(manifest)
		for _, p := range paths {
			if dir == "." || strings.HasPrefix(p, dir+"/") {
				s = max(s, s/100*100+50+strings.Count(manifest, "/"))
			}
		}
		if s > score {
			f.manifest = manifest
			best, score = &f, s
		}
	}
	for _, p := range t.named("package.json") {
		packages := nodePackages(t.text(p))
		for _, c := range nodeFrameworks() {
			if packages[c.clerk] {
				c.framework.clerk = true
				consider(c.framework, p)
				break
			}
			if packages[c.plain] {
				consider(c.framework, p)
				break
			}
		}
	}
	for _, c := range textFrameworks() {
		for _, p := range t.matching(c.file) {
			text := t.text(p)
			if c.clerk.MatchString(text) && (c.also == "" || strings.Contains(strings.ToLower(text), c.also)) {
				c.framework.clerk = true
				consider(c.framework, p)
			}
		}
	}
	return best
}

func nodePackages(manifest string) map[string]bool {
	var m struct {
		Dependencies    map[string]any `json:"dependencies"`
		DevDependencies map[string]any `json:"devDependencies"`
	}
	out := map[string]bool{}
	if json.Unmarshal([]byte(manifest), &m) != nil {
		return out
	}
	for name := range m.Dependencies {
		out[name] = true
	}
	for name := range m.DevDependencies {
		out[name] = true
	}
	return out
}
