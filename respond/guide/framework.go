package guide

import (
	"encoding/json"
	"path"
	"strings"
)

// framework is a web framework or an SDK, with what is particular about Clerk's keys in it.
type framework struct {
	name     string
	prefix   string // of the variables that Clerk's SDK reads: "NUXT_"
	local    string // where developers have the variable on their machines
	client   string // where it runs, if that is where everybody can read it; "" for a server
	deploy   string // Markdown: what else makes a new value count; "" for nothing
	manifest string // the file that says so
	clerk    bool   // the manifest names a package of Clerk's
}

const (
	inBrowsers = "in browsers"
	onPhones   = "on phones and in browsers"
)

type nodeFramework struct {
	clerk, plain string // packages: Clerk's own, and the framework's
	framework
}

// nodeFrameworks are recognised by packages, the more particular first.
var nodeFrameworks = []nodeFramework{
	{"@clerk/nuxt", "nuxt", framework{name: "Nuxt", prefix: "NUXT_", local: ".env"}},
	{"@clerk/nextjs", "next", framework{name: "Next.js", local: ".env.local"}},
	{"@clerk/astro", "astro", framework{name: "Astro", local: ".env"}},
	{"@clerk/tanstack-react-start", "@tanstack/react-start", framework{name: "TanStack Start", local: ".env"}},
	{"@clerk/react-router", "@react-router/node", framework{name: "React Router", local: ".env"}},
	{"@clerk/remix", "@remix-run/node", framework{name: "Remix", local: ".env"}},
	{"svelte-clerk", "@sveltejs/kit", framework{name: "SvelteKit", local: ".env"}},
	{"@clerk/express", "express", framework{name: "Express", local: ".env"}},
	{"@clerk/fastify", "fastify", framework{name: "Fastify", local: ".env"}},
	{"@hono/clerk-auth", "hono", framework{name: "Hono", local: ".env"}},
	{"@clerk/hono", "hono", framework{name: "Hono", local: ".env"}},
	{"@clerk/clerk-expo", "expo", framework{name: "Expo", local: ".env", client: onPhones}},
	{"@clerk/expo", "expo", framework{name: "Expo", local: ".env", client: onPhones}},
	{"@clerk/chrome-extension", "plasmo", framework{name: "browser extension", local: ".env.development", client: inBrowsers}},
	{"@clerk/backend", "", framework{name: "Node.js", local: ".env"}},
	{"@clerk/clerk-sdk-node", "", framework{name: "Node.js", local: ".env"}},
	{"@clerk/vue", "", framework{name: "Vue", local: ".env", client: inBrowsers}},
	{"@clerk/clerk-react", "", framework{name: "React", local: ".env", client: inBrowsers}},
	{"@clerk/react", "", framework{name: "React", local: ".env", client: inBrowsers}},
}

type textFramework struct {
	file  *pattern // of the path
	clerk *pattern // in the text
	also  string   // a second word, for frameworks of the same language; "" for none
	framework
}

var (
	pythonManifest = newPattern(`(^|/)(pyproject\.toml|requirements[^/]*\.txt|Pipfile|setup\.cfg)$`)
	clerkPython    = newPattern(`(?i)\bclerk[-_]backend[-_]api\b|\bclerk[-_]sdk[-_]python\b`)
	rubyManifest   = newPattern(`(^|/)Gemfile$`)
	clerkRuby      = newPattern(`clerk-sdk-ruby`)
	phpManifest    = newPattern(`(^|/)composer\.json$`)
	clerkPHP       = newPattern(`"clerk(inc)?/[a-z-]+"`)
	javaManifest   = newPattern(`(^|/)(pom\.xml|build\.gradle(\.kts)?|libs\.versions\.toml)$`)
	clerkJava      = newPattern(`com\.clerk`)
	goManifest     = newPattern(`(^|/)go\.mod$`)
	clerkGo        = newPattern(`github\.com/clerk(inc)?/clerk-sdk-go`)
	dotnetManifest = newPattern(`(^|/)([^/]+\.(cs|fs|vb)proj|Directory\.Packages\.props)$`)
	clerkDotnet    = newPattern(`Clerk\.(BackendAPI|Net)`)
	rustManifest   = newPattern(`(^|/)Cargo\.toml$`)
	clerkRust      = newPattern(`clerk-rs`)
	elixirManifest = newPattern(`(^|/)mix\.exs$`)
	clerkElixir    = newPattern(`:clerk`)
)

// textFrameworks are recognised by words in manifests of other languages.
var textFrameworks = []textFramework{
	{goManifest, clerkGo, "", framework{name: "Go", local: ".env"}},
	{pythonManifest, clerkPython, "django", framework{name: "Django", local: ".env"}},
	{pythonManifest, clerkPython, "fastapi", framework{name: "FastAPI", local: ".env"}},
	{pythonManifest, clerkPython, "flask", framework{name: "Flask", local: ".env"}},
	{pythonManifest, clerkPython, "", framework{name: "Python", local: ".env"}},
	{rubyManifest, clerkRuby, "rails", framework{name: "Rails", local: ".env"}},
	{rubyManifest, clerkRuby, "", framework{name: "Ruby", local: ".env"}},
	{phpManifest, clerkPHP, "laravel/framework", framework{name: "Laravel", local: ".env", deploy: "Then run `php artisan config:cache`: a cached configuration keeps the old key."}},
	{phpManifest, clerkPHP, "", framework{name: "PHP", local: ".env"}},
	{dotnetManifest, clerkDotnet, "", framework{name: ".NET", local: "user secrets"}},
	{javaManifest, clerkJava, "spring", framework{name: "Spring", local: "application-local.properties"}},
	{javaManifest, clerkJava, "", framework{name: "Java", local: ".env"}},
	{rustManifest, clerkRust, "", framework{name: "Rust", local: ".env"}},
	{elixirManifest, clerkElixir, "", framework{name: "Elixir", local: ".env"}},
}

// frameworks reads once which frameworks the repository's manifests name.
func (t *tree) frameworks() []framework {
	if t.known {
		return t.found
	}
	t.known = true
	add := func(f framework, manifest string, clerk bool) {
		f.manifest, f.clerk = manifest, clerk
		t.found = append(t.found, f)
	}
	for _, p := range t.named("package.json") {
		packages := t.packages(p)
		for _, c := range nodeFrameworks {
			if packages[c.clerk] || packages[c.plain] {
				add(c.framework, p, packages[c.clerk])
				break
			}
		}
	}
	for _, c := range textFrameworks {
		for _, p := range t.matching(c.file) {
			text := t.text(p)
			if c.clerk.MatchString(text) && (c.also == "" || strings.Contains(strings.ToLower(text), c.also)) {
				add(c.framework, p, true)
			}
		}
	}
	return t.found
}

// framework returns the framework of the part of the repository that the paths are in: of the manifest that is nearest
// above one of them and names a package of Clerk's; else of the first that names one; else of one that only names a
// framework.
func (t *tree) framework(paths []string) *framework {
	var best *framework
	score := -1
	for _, f := range t.frameworks() {
		s := 0
		if f.clerk {
			s = 1000
		}
		if f.client != "" {
			s -= 100
		}
		dir := path.Dir(f.manifest)
		for _, p := range paths {
			if dir == "." || strings.HasPrefix(p, dir+"/") {
				s = max(s, s/100*100+50+strings.Count(f.manifest, "/"))
			}
		}
		if s > score {
			best, score = &f, s
		}
	}
	return best
}

// packages returns the names of the packages that a package.json depends on.
func (t *tree) packages(manifest string) map[string]bool {
	if got, ok := t.depends[manifest]; ok {
		return got
	}
	var m struct {
		Dependencies    map[string]any `json:"dependencies"`
		DevDependencies map[string]any `json:"devDependencies"`
	}
	out := map[string]bool{}
	if json.Unmarshal([]byte(t.text(manifest)), &m) == nil {
		for name := range m.Dependencies {
			out[name] = true
		}
		for name := range m.DevDependencies {
			out[name] = true
		}
	}
	t.depends[manifest] = out
	return out
}
