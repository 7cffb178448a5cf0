package audit

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/docker"
	"github.com/rekey-app/rekey/detect/audit/dotenv"
)

// prefixed finds secrets of Clerk's under names that frameworks build into what browsers load.
func prefixed() Check {
	return Check{
		ID: "C1", Title: "A secret is named for the browser", Severity: detect.HighSeverity, Tier: Default,
		Fix:  "Rename it to CLERK_SECRET_KEY, without the prefix, and read it in server code only. If code for the browser was ever built with it set, rotate the key.",
		Link: "https://clerk.com/docs/guides/development/clerk-environment-variables",
		Why: "A public prefix (`NEXT_PUBLIC_`, `VITE_`, `EXPO_PUBLIC_`, `REACT_APP_`, `PUBLIC_` and the like) says that browsers may have the value: bundlers write it into the " +
			"JavaScript that they load wherever code asks for it, and some write all such variables. One import from a component is enough to publish a secret key with such a name, " +
			"and no repository shows it. The name alone is the mistake: whoever sets the app up from the example sets the key there.\n\n" +
			"Comments, texts, tests and guards that only ask whether the variable is set aren't reported.",
		Before: []Example{{".env.example", "NEXT_PUBLIC_CLERK_SECRET_KEY=\n"}},
		After:  []Example{{".env.example", "NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY=\nCLERK_SECRET_KEY=\n"}},
		wants:  func(name string) bool { return isSettings(name) || isScript(name) },
		find:   func(p *project) []Finding { return append(findPrefixed(p), prefixedInScripts(p)...) },
	}
}

const handedOut = " is a name that frameworks hand to browsers"

// publicPrefix is what such a name begins with.
var publicPrefix = regexp.MustCompile(`^(?:NEXT_PUBLIC|VITE|EXPO_PUBLIC|REACT_APP|PUBLIC|NUXT_PUBLIC|GATSBY|PLASMO_PUBLIC|NX_PUBLIC|VUE_APP)_`)

// renamed says what to do about a variable that isn't called as most are.
func renamed(name string) string {
	plain := publicPrefix.ReplaceAllString(name, "")
	if plain == "CLERK_SECRET_KEY" {
		return ""
	}
	return "Rename it to " + plain + ", and read it in server code only. If code for the browser was ever built with it set, replace the secret."
}

// prefixedName is such a name, as a whole. Names that go on say something about the secret, and are none: see [aboutSecret].
var prefixedName = regexp.MustCompile(
	`\b(?:NEXT_PUBLIC|VITE|EXPO_PUBLIC|REACT_APP|PUBLIC|NUXT_PUBLIC|GATSBY|PLASMO_PUBLIC|NX_PUBLIC|VUE_APP)_(?:[A-Z0-9]+_)*CLERK(?:_[A-Z0-9]+)*_SECRETS?(?:_[A-Z0-9]+)*\b`)

// aboutSecret are the ends of names that hold no secret.
var aboutSecret = []string{"_FILE", "_ID", "_NAME", "_PATH", "_ARN", "_URL", "_REF", "_VERSION", "_SET", "_ENABLED", "_CONFIGURED", "_EXISTS", "_MISSING", "_HINT", "_LENGTH", "_PREFIX"}

// setting is a variable that a file sets, or asks for, and the value that it gives it.
type setting struct {
	name, value string
	start, end  int
}

// isSettings reports whether a file sets variables, as far as such files are read.
func isSettings(name string) bool { return isOurs(name) && settingsOf(name) != nil }

func findPrefixed(p *project) []Finding {
	var found []Finding
	p.each(isSettings, func(name string, text []byte) {
		if !prefixedName.Match(text) {
			return
		}
		line := 0
		for _, s := range settingsOf(name)(string(text)) {
			if !isPrefixed(s.name) {
				continue
			}
			f := Finding{Path: name, Range: rangeOf(text, s.start, s.end), Seen: s.name + handedOut, Fix: renamed(s.name)}
			if !isPlaceholder(s.value) {
				f.Severity, f.Seen = detect.CriticalSeverity, f.Seen+", and it has a value here"
			}
			if f.Range.Line != line {
				found = append(found, f)
			}
			line = f.Range.Line
		}
	})
	return found
}

// isPrefixed reports whether a name is one of a secret of Clerk's for the browser.
func isPrefixed(name string) bool {
	return prefixedName.FindString(name) == name && name != "" &&
		!slices.ContainsFunc(aboutSecret, func(end string) bool { return strings.HasSuffix(name, end) })
}

var placeholder = regexp.MustCompile(`(?i)your|x{3}|\.\.\.|…|placeholder|example|change.?me|replace|<|\*{3}|todo|dummy|fake|here|insert|paste|^sk_(test|live)_?$`)

// isPlaceholder reports whether a value stands for one that somebody is to put there.
func isPlaceholder(value string) bool { return value == "" || placeholder.MatchString(value) }

// settingsOf returns what reads the variables that a file of that name sets, nil where such files aren't read.
func settingsOf(name string) func(text string) []setting {
	base, ext := strings.ToLower(path.Base(name)), extension(name)
	switch {
	case isDotenv(base):
		return dotenvSettings
	case isDockerfile(base):
		return dockerSettings
	case ext == ".yml" || ext == ".yaml":
		return matchSettings("#", yamlSetting, yamlNamed, shellSetting, buildArg)
	case ext == ".sh" || ext == ".bash" || ext == ".zsh" || base == "makefile" || base == "justfile" || ext == ".mk":
		return matchSettings("#", shellSetting, buildArg)
	case slices.Contains([]string{"netlify.toml", "wrangler.toml", "fly.toml", "railway.toml", "nixpacks.toml", "mise.toml"}, base):
		return matchSettings("#", tomlSetting)
	case ext == ".tf" || ext == ".tfvars":
		return matchSettings("#", tomlSetting, terraformNamed)
	case slices.Contains([]string{"turbo.json", "eas.json", "vercel.json", "app.json", "wrangler.json", "wrangler.jsonc", "now.json", "railway.json"}, base):
		return matchSettings("//", jsonSetting, jsonListed)
	}
	return nil
}

func isDotenv(base string) bool {
	return base == ".env" || strings.HasPrefix(base, ".env.") || strings.HasSuffix(base, ".env") || base == ".envrc" || strings.HasPrefix(base, ".dev.vars") ||
		base == "env.example" || base == "example.env" || base == "env.sample" || base == "env.template"
}

func isDockerfile(base string) bool {
	return base == "dockerfile" || base == "containerfile" || strings.HasPrefix(base, "dockerfile.") || strings.HasSuffix(base, ".dockerfile")
}

func dotenvSettings(text string) []setting {
	var all []setting
	for _, e := range dotenv.Parse(text) {
		all = append(all, setting{e.Name, e.Value, e.Start, e.End})
	}
	return all
}

func dockerSettings(text string) []setting {
	f := docker.Parse(text)
	var all []setting
	add := func(settings []docker.Setting) {
		for _, s := range settings {
			all = append(all, setting{s.Name, s.Value, s.Start, s.End})
		}
	}
	add(f.Global)
	for _, s := range f.Stages {
		add(s.Settings)
	}
	return all
}

// What sets a variable on one line: its name is the first group, its value the second where there is one. What only mentions a name, as
// a search for it, is none of these.
var (
	yamlSetting    = regexp.MustCompile(`^\s*(?:-\s+)?["']?([A-Z][A-Z0-9_]+)["']?\s*[:=]\s*(.*)$`)
	yamlNamed      = regexp.MustCompile(`^\s*(?:-\s+)?(?:name|key|variable):\s*["']?([A-Z][A-Z0-9_]+)["']?\s*$`)
	shellSetting   = regexp.MustCompile(`^\s*(?:-\s+)?(?:run:\s*)?(?:(?:export|echo|printf)\s+)?["']?([A-Z][A-Z0-9_]+)=(.*)$`)
	buildArg       = regexp.MustCompile(`--build-arg[ =]["']?([A-Z][A-Z0-9_]+)(?:=(\S*))?`)
	tomlSetting    = regexp.MustCompile(`^\s*["']?([A-Z][A-Z0-9_]+)["']?\s*=\s*(.*)$`)
	terraformNamed = regexp.MustCompile(`^\s*(?:key|name)\s*=\s*"([A-Z][A-Z0-9_]+)"`)
	jsonSetting    = regexp.MustCompile(`^\s*\{?\s*"([A-Z][A-Z0-9_]+)"\s*:\s*(.*)$`)
	jsonListed     = regexp.MustCompile(`(?:^|[\[,])\s*"([A-Z][A-Z0-9_]+)"`)
)

// matchSettings returns what reads a text line by line, leaving comments out.
func matchSettings(comment string, patterns ...*regexp.Regexp) func(string) []setting {
	return func(text string) []setting {
		var all []setting
		at := 0
		for line := range strings.Lines(text) {
			if !strings.HasPrefix(strings.TrimSpace(line), comment) && prefixedName.MatchString(line) {
				all = append(all, lineSettings(strings.TrimRight(line, "\r\n"), at, comment, patterns)...)
			}
			at += len(line)
		}
		return all
	}
}

func lineSettings(line string, at int, comment string, patterns []*regexp.Regexp) []setting {
	for _, pattern := range patterns {
		var all []setting
		for _, m := range pattern.FindAllStringSubmatchIndex(line, -1) {
			s := setting{name: line[m[2]:m[3]], start: at + m[2], end: at + m[3]}
			if len(m) > 4 && m[4] >= 0 {
				s.value, _, _ = strings.Cut(line[m[4]:m[5]], " "+comment)
				s.value = strings.Trim(strings.TrimSpace(s.value), `"',`)
			}
			all = append(all, s)
		}
		if len(all) > 0 {
			return all
		}
	}
	return nil
}
