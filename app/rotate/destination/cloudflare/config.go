package cloudflare

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/tidwall/jsonc"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// config is what is used of wrangler's settings.
type config struct {
	settings

	Output string              `json:"pages_build_output_dir" toml:"pages_build_output_dir"` // of Pages projects alone
	Env    map[string]settings `json:"env"                    toml:"env"`
}

// settings may be another's for each environment.
type settings struct {
	Name    string    `json:"name"                  toml:"name"`
	Account string    `json:"account_id"            toml:"account_id"`
	Stores  []binding `json:"secrets_store_secrets" toml:"secrets_store_secrets"`
}

// binding is a variable whose value is in Cloudflare's Secrets Store.
type binding struct {
	Binding string `json:"binding" toml:"binding"`
}

// target is a Worker or a Pages project that the repository's files name.
type target struct {
	address

	file   string
	scope  destination.Scope
	stored []string // variables whose values are in the Secrets Store
}

// targets reads all settings in the repository. The files that can't be read as such are returned beside.
func targets(p destination.Project) (all []target, files, broken []string) {
	files = p.Named("wrangler.toml", "wrangler.jsonc", "wrangler.json")
	for _, file := range files {
		text, ok := p.Files.Read(file)
		c, read := parseConfig(file, text)
		if !ok || !read || !plainName.MatchString(c.Name) {
			broken = append(broken, file)
			continue
		}
		for _, t := range c.targets(file) {
			if !slices.ContainsFunc(all, func(have target) bool { return have.address == t.address }) {
				all = append(all, t)
			}
		}
	}
	return all, files, broken
}

// plainName keeps what a file says from being read as a flag, or as another address.
var plainName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_-]{0,254}$`)

func parseConfig(file string, text []byte) (c config, ok bool) {
	if path.Ext(file) == ".toml" {
		return c, toml.Unmarshal(text, &c) == nil
	}
	return c, json.Unmarshal(jsonc.ToJSON(text), &c) == nil
}

func (c config) targets(file string) []target {
	if c.Output != "" {
		var both []target
		for _, env := range []string{"production", "preview"} {
			both = append(both, target{address: address{kind: pages, account: c.Account, name: c.Name, env: env}, file: file, scope: destination.ScopeNamed(env)})
		}
		return both
	}
	all := []target{worker(c.settings, c.Name, c.Account, file, "")}
	var names []string
	for env := range c.Env {
		names = append(names, env)
	}
	slices.Sort(names)
	for _, env := range names {
		s := c.Env[env]
		script := s.Name
		if script == "" {
			script = c.Name + "-" + env
		}
		if !plainName.MatchString(script) {
			continue
		}
		account := s.Account
		if account == "" {
			account = c.Account
		}
		all = append(all, worker(s, script, account, file, env))
	}
	return all
}

func worker(s settings, script, account, file, env string) target {
	t := target{address: address{kind: workers, account: account, name: script}, file: file, scope: destination.ScopeNamed(env)}
	for _, b := range s.Stores {
		t.stored = append(t.stored, b.Binding)
	}
	return t
}

// faint is what shows that a repository without settings of wrangler's may be on Cloudflare Pages.
func faint(p destination.Project) string {
	for _, file := range p.Named("package.json") {
		text, _ := p.Files.Read(file)
		if strings.Contains(string(text), `"@cloudflare/`) || strings.Contains(string(text), `"wrangler"`) {
			return file
		}
	}
	return ""
}
