package audit

import (
	"bytes"
	"encoding/base64"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/data"
	"github.com/rekey-app/rekey/detect/audit/docker"
	"github.com/rekey-app/rekey/detect/audit/dotenv"
	"github.com/rekey-app/rekey/detect/audit/js"
)

// developmentInProduction finds settings of production that name a development instance.
func developmentInProduction() Check {
	return Check{
		ID: "C21", Title: "Production uses a development instance", Severity: detect.MediumSeverity, Tier: All,
		Fix:  "Use the keys and the address of the production instance: pk_live_ and sk_live_, and your own domain.",
		Link: "https://clerk.com/docs/guides/development/managing-environments",
		Why: "Clerk's development instances have a more relaxed security posture: sessions travel in addresses, social connections use shared credentials, and no more than 100 users " +
			"can sign up. Users don't move to the production instance later.\n\n" +
			"Files are read that are for production by their name or by what they say: `.env.production`, `*.production.*`, a Dockerfile with `NODE_ENV=production`, the `env` of " +
			"vercel.json, the production profile of eas.json, and Kubernetes manifests in a directory for production. What is set elsewhere may override them.",
		Before: []Example{{".env.production", "CLERK_FRONTEND_API=https://clean-mayfly-62.clerk.accounts.dev\n"}},
		After:  []Example{{".env.production", "CLERK_FRONTEND_API=https://clerk.your-site.com\n"}},
		wants:  func(name string) bool { return productionReader(name) != nil || isProductionScript(name) },
		find:   func(p *project) []Finding { return append(findDevelopment(p), developmentInScripts(p)...) },
	}
}

// developmentUse is something of a development instance, and where it is named.
type developmentUse struct {
	what       string
	start, end int
}

func findDevelopment(p *project) []Finding {
	var found []Finding
	p.each(func(name string) bool { return productionReader(name) != nil }, func(name string, text []byte) {
		if !bytes.Contains(text, []byte("k_test_")) && !bytes.Contains(text, []byte(developmentHost)) {
			return
		}
		line := 0
		for _, u := range productionReader(name)(text) {
			f := Finding{Path: name, Range: rangeOf(text, u.start, u.end), Seen: "production is given " + u.what}
			if f.Range.Line != line {
				found = append(found, f)
			}
			line = f.Range.Line
		}
	})
	return found
}

func developmentInScripts(p *project) []Finding {
	var found []Finding
	p.scriptsAt(isProductionScript, []string{"k_test_|" + developmentHost}, func(f *js.File) {
		f.Root.Walk(func(n *js.Node) bool {
			if n.Kind == js.String && (n.Parent.Kind == js.Property || n.Parent.Kind == js.Declarator) {
				if what := developmentInstance(n.Text); what != "" {
					found = append(found, Finding{Path: f.Path, Range: placeOf(f, n), Seen: "production is given " + what})
				}
			}
			return true
		})
	})
	return found
}

// productionReader returns what reads the settings for production in a file of that name, nil where it has none.
func productionReader(name string) func(text []byte) []developmentUse {
	if !isOurs(name) || isAside(path.Join(parent(name), strings.TrimPrefix(path.Base(name), "."))) {
		return nil
	}
	base, ext := strings.ToLower(path.Base(name)), extension(name)
	switch {
	case isExample(base):
		return nil
	case isDotenv(base) && isProduction(base):
		return developmentInDotenv
	case isDockerfile(base):
		return developmentInImage
	case base == "vercel.json", base == "now.json":
		return developmentUnder("env", "build", "env")
	case base == "eas.json":
		return developmentUnder("build", "production", "env")
	case ext == ".json" && isProduction(base):
		return developmentUnder()
	case (ext == ".yml" || ext == ".yaml") && isProduction(name):
		return func(text []byte) []developmentUse { return developmentInYAML(text, isProduction(base)) }
	}
	return nil
}

func isProductionScript(name string) bool {
	return isScript(name) && isProduction(path.Base(name)) && !isExample(strings.ToLower(path.Base(name)))
}

// isProduction reports whether a path says that it is for production.
func isProduction(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("/._- ", r) })
	return slices.ContainsFunc(words, func(w string) bool { return w == "production" || w == "prod" }) && !slices.Contains(words, "non") && !slices.Contains(words, "pre")
}

// isExample reports whether a file is to be copied and filled in.
func isExample(base string) bool {
	return slices.ContainsFunc([]string{"example", "sample", "template", "dist"}, func(sign string) bool { return strings.Contains(base, sign) })
}

func developmentInDotenv(text []byte) []developmentUse {
	var all []developmentUse
	for _, e := range dotenv.Parse(string(text)) {
		if what := developmentInstance(e.Value); what != "" {
			all = append(all, developmentUse{what, e.Start, e.End})
		}
	}
	return all
}

// developmentInImage looks at the stages in which NODE_ENV is production. A default of ARG is used unless the build says otherwise.
func developmentInImage(text []byte) []developmentUse {
	file := docker.Parse(string(text))
	var all []developmentUse
	for i := range file.Stages {
		var settings []docker.Setting
		production := false
		for at := i; at >= 0; at = file.Stages[at].Base {
			for _, s := range file.Stages[at].Settings {
				production = production || s.Env && s.Name == "NODE_ENV" && s.Value == "production"
			}
			settings = append(settings, file.Stages[at].Settings...)
		}
		for _, s := range settings {
			if what := developmentInstance(s.Value); production && what != "" {
				all = append(all, developmentUse{what, s.Start, s.End})
			}
		}
	}
	slices.SortFunc(all, func(a, b developmentUse) int { return a.start - b.start })
	return all
}

// developmentUnder returns what looks at the strings of a JSON file below one of its keys, or a chain of them: the first key alone, or all
// of them in this order.
func developmentUnder(keys ...string) func(text []byte) []developmentUse {
	return func(text []byte) []developmentUse {
		var all []developmentUse
		data.Strings(text, func(at []string, value string, start, end int) {
			if what := developmentInstance(value); what != "" && isUnder(at, keys) {
				all = append(all, developmentUse{what, start, end})
			}
		})
		return all
	}
}

func isUnder(at, keys []string) bool {
	switch {
	case len(keys) == 0:
		return true
	case keys[0] == "env": // env and build.env of vercel.json
		return len(at) > 1 && at[0] == "env" || len(at) > 2 && at[0] == "build" && at[1] == "env"
	}
	return len(at) > len(keys) && slices.Equal(at[:len(keys)], keys)
}

// developmentInYAML looks at a file that is for production by its own name, or else at the manifests of Kubernetes in it.
func developmentInYAML(text []byte, named bool) []developmentUse {
	var all []developmentUse
	for _, document := range data.YAML(text) {
		if !named && (document.Get("kind").Text() == "" || document.Get("apiVersion").Text() == "") {
			continue
		}
		document.Scalars(func(n data.Node) {
			value := n.Text()
			if name, after, ok := strings.Cut(value, "="); ok && settingName.MatchString(name) { // - NAME=value
				value = after
			}
			if what := developmentInstance(value); what != "" {
				start, end := n.Place(text, n.Text())
				all = append(all, developmentUse{what, start, end})
			}
		})
	}
	return all
}

var settingName = regexp.MustCompile(`^[A-Z][A-Z0-9_]*$`)

const developmentHost = ".accounts.dev"

var (
	testSecret = regexp.MustCompile(`^sk_test_[A-Za-z0-9]{40,}$`)
	hostOf     = regexp.MustCompile(`^(?:https?://)?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.accounts\.dev)(?:[:/].*)?$`)
)

// developmentInstance says what of a development instance a value is, or "".
func developmentInstance(value string) string {
	value = strings.TrimSpace(value)
	if code, ok := strings.CutPrefix(value, "pk_test_"); ok {
		host, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(code, "="))
		if err == nil && strings.HasSuffix(string(host), developmentHost+"$") && !isPlaceholder(string(host)) {
			return "the publishable key of a development instance"
		}
		return ""
	}
	switch m := hostOf.FindStringSubmatch(value); {
	case testSecret.MatchString(value):
		return "the secret key of a development instance"
	case m != nil && !isPlaceholder(m[1]):
		return "the address of a development instance"
	}
	return ""
}
