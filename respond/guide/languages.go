package guide

import (
	"path"
	"strings"
)

// language is how code reads an environment variable.
type language struct {
	name   string // of the fence
	read   string // the expression, with KEYNAME for the variable
	needs  string // Markdown: what else the file needs; "" for nothing
	client string // where it runs, if that is where everybody can read it; "" for a server
}

// languages are by the file's extension.
var languages = map[string]language{
	".go":     {name: "go", read: `os.Getenv("KEYNAME")`, needs: "Import `os`."},
	".py":     {name: "python", read: `os.environ["KEYNAME"]`, needs: "Import `os`."},
	".ipynb":  {name: "python", read: `os.environ["KEYNAME"]`, needs: "Import `os`."},
	".rb":     {name: "ruby", read: `ENV.fetch("KEYNAME")`},
	".rake":   {name: "ruby", read: `ENV.fetch("KEYNAME")`},
	".erb":    {name: "ruby", read: `ENV.fetch("KEYNAME")`},
	".php":    {name: "php", read: `getenv('KEYNAME')`},
	".java":   {name: "java", read: `System.getenv("KEYNAME")`},
	".kt":     {name: "kotlin", read: `System.getenv("KEYNAME")`},
	".kts":    {name: "kotlin", read: `System.getenv("KEYNAME")`},
	".groovy": {name: "groovy", read: `System.getenv("KEYNAME")`},
	".gradle": {name: "groovy", read: `System.getenv("KEYNAME")`},
	".scala":  {name: "scala", read: `sys.env("KEYNAME")`},
	".clj":    {name: "clojure", read: `(System/getenv "KEYNAME")`},
	".cs":     {name: "csharp", read: `Environment.GetEnvironmentVariable("KEYNAME")`},
	".cshtml": {name: "csharp", read: `Environment.GetEnvironmentVariable("KEYNAME")`},
	".fs":     {name: "fsharp", read: `Environment.GetEnvironmentVariable "KEYNAME"`, needs: "Open `System`."},
	".vb":     {name: "vb", read: `Environment.GetEnvironmentVariable("KEYNAME")`},
	".rs":     {name: "rust", read: `std::env::var("KEYNAME").expect("KEYNAME")`},
	".ex":     {name: "elixir", read: `System.fetch_env!("KEYNAME")`},
	".exs":    {name: "elixir", read: `System.fetch_env!("KEYNAME")`},
	".erl":    {name: "erlang", read: `os:getenv("KEYNAME")`},
	".dart":   {name: "dart", read: `Platform.environment['KEYNAME']!`, needs: "Import `dart:io`."},
	".swift":  {name: "swift", read: `ProcessInfo.processInfo.environment["KEYNAME"]!`, needs: "Import `Foundation`."},
	".lua":    {name: "lua", read: `os.getenv("KEYNAME")`},
	".pl":     {name: "perl", read: `$ENV{KEYNAME}`},
	".r":      {name: "r", read: `Sys.getenv("KEYNAME")`},
	".jl":     {name: "julia", read: `ENV["KEYNAME"]`},
	".cr":     {name: "crystal", read: `ENV["KEYNAME"]`},
	".c":      {name: "c", read: `getenv("KEYNAME")`, needs: "Include `stdlib.h`."},
	".cpp":    {name: "cpp", read: `std::getenv("KEYNAME")`, needs: "Include `cstdlib`."},
	".hs":     {name: "haskell", read: `getEnv "KEYNAME"`, needs: "Import `System.Environment`; it is an `IO` action."},
	".sh":     {name: "sh", read: `"${KEYNAME:?}"`},
	".bash":   {name: "sh", read: `"${KEYNAME:?}"`},
	".zsh":    {name: "sh", read: `"${KEYNAME:?}"`},
	".fish":   {name: "fish", read: `$KEYNAME`},
	".ps1":    {name: "powershell", read: `$env:KEYNAME`},
	".bat":    {name: "bat", read: `%KEYNAME%`},
	".cmd":    {name: "bat", read: `%KEYNAME%`},
	".mk":     {name: "make", read: `$(KEYNAME)`},
	".http":   {name: "http", read: `{{$processEnv KEYNAME}}`},
	".rest":   {name: "http", read: `{{$processEnv KEYNAME}}`},
	".html":   {client: inBrowsers},
	".htm":    {client: inBrowsers},
}

// scripts are the extensions of what JavaScript's run times and frameworks read.
var scripts = map[string]bool{
	".js": true, ".mjs": true, ".cjs": true, ".jsx": true, ".ts": true, ".mts": true, ".cts": true, ".tsx": true,
	".vue": true, ".svelte": true, ".astro": true,
}

// languageOf returns how the code at the location reads a variable, and false where the file is no code.
func languageOf(t *tree, at Location) (language, bool) {
	ext := strings.ToLower(path.Ext(at.Path))
	if scripts[ext] {
		return script(t, at, ext), true
	}
	if path.Base(at.Path) == "Makefile" || path.Base(at.Path) == "makefile" {
		return languages[".mk"], true
	}
	l, ok := languages[ext]
	switch {
	case ext == ".dart" && strings.Contains(t.above(at.Path, "pubspec.yaml"), "flutter"):
		l.client = onPhones
	case ext == ".swift" && strings.Contains(t.above(at.Path, "Package.swift"), "vapor"):
		l.read, l.needs = `Environment.get("KEYNAME")!`, ""
	case ext == ".swift" && t.above(at.Path, "Package.swift") == "":
		l.client = "on phones"
	case (ext == ".kt" || ext == ".java") && strings.Contains(at.Path, "src/main/") && len(t.named("AndroidManifest.xml")) > 0:
		l.client = "on phones"
	case ext == ".php" && strings.Contains(t.above(at.Path, "composer.json"), "laravel/framework"):
		l = laravel(at)
	case ext == ".exs" && strings.Contains("/"+at.Path, "/config/") && path.Base(at.Path) != "runtime.exs":
		l.needs = "Put this line in `config/runtime.exs`: the other files of `config/` are read when the release is built."
	}
	return l, ok
}

// laravel reads the environment in config/ only: with a cached configuration env() returns nothing elsewhere.
func laravel(at Location) language {
	if strings.Contains("/"+at.Path, "/config/") {
		return language{name: "php", read: `env('KEYNAME')`}
	}
	return language{
		name: "php", read: `config('services.clerk.secret')`,
		needs: "Add `'clerk' => ['secret' => env('KEYNAME')],` to `config/services.php`: outside of `config/`, `env()` returns nothing once the configuration is cached.",
	}
}

var useClient = newPattern(`^\s*['"]use client['"]`)

// script returns how JavaScript and its kin read a variable: that depends on what runs them.
func script(t *tree, at Location, ext string) language {
	fence := "ts"
	if ext == ".js" || ext == ".jsx" || ext == ".mjs" || ext == ".cjs" {
		fence = "js"
	}
	l := language{name: fence, read: `process.env.KEYNAME`}
	f := t.framework([]string{at.Path})
	name := ""
	if f != nil {
		name = f.name
	}
	switch {
	case isStack(t, at):
		l.read, l.needs = `SecretValue.secretsManager("clerk-secret-key").unsafeUnwrap()`, "Import `SecretValue` from `aws-cdk-lib`."
	case strings.Contains("/"+at.Path, "/supabase/functions/") || t.nearest(at.Path, "deno.json", "deno.jsonc") != "":
		l.read = `Deno.env.get("KEYNAME")`
	case strings.Contains("/"+at.Path, "/convex/"):
	case useClient.MatchString(t.text(at.Path)):
		l.client = inBrowsers
	case f != nil && f.client != "" && !strings.Contains(path.Base(at.Path), "+api.") && !serverSide.MatchString(at.Path):
		l.client = f.client
	case name == "SvelteKit":
		l.read, l.needs = `env.KEYNAME`, "With `import { env } from \"$env/dynamic/private\"`."
	case name == "Astro":
		l.read = `import.meta.env.KEYNAME`
	case t.nearest(at.Path, "wrangler.toml", "wrangler.jsonc", "wrangler.json") != "" && name != "Next.js" && name != "Nuxt":
		l.read, l.needs = `env.KEYNAME`, "With `import { env } from \"cloudflare:workers\"`."
	}
	return l
}

// moveToServer is what to do with a key in an app that everybody has.
func moveToServer(variable, where string) string {
	s := "Delete the key there, and move what needs it to a server, which reads " + code(variable) + "."
	if where != inBrowsers {
		s += " Installed versions lose access when you delete the key in Clerk."
	}
	return s
}

// serverSide is where apps without a server of their own may still have code that runs on one.
var serverSide = newPattern(`(^|/)(api|server|functions|netlify/functions|backend|scripts)/`)

// nearest returns the path of the first of the names in the file's folder or one above it, "" where there is none.
func (t *tree) nearest(p string, names ...string) string {
	best := ""
	for _, n := range names {
		for _, q := range t.byName[n] {
			dir := strings.TrimSuffix(q, n)
			if strings.HasPrefix(p, dir) && (best == "" || len(q) > len(best)) {
				best = q
			}
		}
	}
	return best
}

// above returns the text of that file.
func (t *tree) above(p, name string) string {
	if q := t.nearest(p, name); q != "" {
		return t.text(q)
	}
	return ""
}

// quoted is a literal that is the key and nothing else; the key is masked, with an ellipsis in its middle.
var (
	quoted    = newPattern("[\"'`][A-Za-z_]*…[A-Za-z0-9+/=]{0,8}[\"'`]")
	fallback  = newPattern(`(?i)(\|\||\?\?|:-|\bor\b|\?:|,|=>|unwrap_or[a-z_]*\()\s*["'` + "`" + `]?[a-z_]*…`)
	readsEnv  = newPattern(`(?i)env`)
	assignEnv = newPattern(`^\s*((process\.env|import\.meta\.env|os\.environ|ENV|\$_ENV|\$ENV)[.\[{][^=]*=[^=]|(os\.)?setenv\(|putenv\(|os\.Setenv\(|(export|set|setx|set -g?x)\s+[A-Z][A-Z0-9_]*[\s=]|\$env:[A-Z0-9_]+\s*=)`)
	comment   = newPattern(`^\s*(//|#|--|/?\*|<!--|;|%%?)`)
)

// inCode says how to take the key out of a line of code.
func inCode(t *tree, at Location, lang language, variable string) change {
	line := t.line(at)
	expression := strings.ReplaceAll(lang.read, "KEYNAME", variable)
	c := change{kind: inSource, language: lang.name, code: expression, note: strings.ReplaceAll(lang.needs, "KEYNAME", variable), runs: true}
	switch {
	case lang.client != "":
		return change{
			kind: inClient, runs: true,
			text: "HERE runs " + lang.client + ", where anyone can read it. " + moveToServer(variable, lang.client),
		}
	case line != "" && comment.MatchString(line) && lang.name != "sh" || strings.HasPrefix(strings.TrimSpace(line), "#") && lang.name == "sh":
		return change{kind: inSource, text: "In HERE, delete the comment."}
	case assignEnv.MatchString(line):
		return change{kind: inSource, text: "In HERE, delete the line: the variable comes from the environment.", runs: true}
	case readsEnv.MatchString(line) && fallback.MatchString(line):
		c.text = "In HERE, delete the fallback, so that what remains is:"
	case quoted.MatchString(line):
		c.text = "In HERE, replace the key, quotes included, with:"
	case line == "":
		c.text = "In HERE, read the key like this instead:"
	default:
		c.text = "In HERE, build the text around the key from:"
	}
	return c
}
