package heroku

import (
	"bytes"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

const maxConfig = 1 << 20 // bytes of a repository's git config

var (
	appName   = `([a-z][a-z0-9-]{1,28}[a-z0-9])`
	remoteURL = regexp.MustCompile(`^(?:https://(?:[^/@]*@)?git\.heroku\.com/|(?:ssh://)?git@heroku\.com[:/])` + appName + `(?:\.git)?/?$`)
	inFile    = regexp.MustCompile(`(?:heroku_app_name:\s*["']?|git\.heroku\.com/|heroku [a-z:]+[^\n]* (?:--app|-a)[ =])` + appName)
	workflow  = regexp.MustCompile(`^\.github/workflows/[^/]+\.ya?ml$`)
)

// named returns the apps that the clone's git remotes name, and those that its workflows and scripts do; and what shows that Heroku is used, "" if
// nothing does.
func named(p destination.Project) (apps []string, because string) {
	add := func(app, shown string) {
		if because == "" {
			because = shown
		}
		if app != "" && !slices.Contains(apps, app) {
			apps = append(apps, app)
		}
	}
	if dir, err := gitdir.Find(p.Dir, false); p.Dir != "" && err == nil {
		text, _ := gitdir.Read(filepath.Join(dir.Common, "config"), maxConfig)
		for _, s := range gitdir.Settings(string(text)) {
			remote, ok := strings.CutSuffix(strings.TrimPrefix(s.Name, "remote."), ".url")
			if m := remoteURL.FindStringSubmatch(s.Value); ok && m != nil {
				add(m[1], "the git remote "+remote)
			}
		}
	}
	files := p.Files.List()
	slices.Sort(files)
	for _, f := range files {
		if !workflow.MatchString(f) && path.Base(f) != "package.json" {
			continue
		}
		text, _ := p.Files.Read(f)
		for _, m := range inFile.FindAllSubmatch(text, -1) {
			add(string(m[1]), f)
		}
	}
	for _, f := range p.Named("heroku.yml", "app.json") {
		text, _ := p.Files.Read(f)
		if path.Base(f) == "heroku.yml" || isManifest(text) {
			add("", f)
		}
	}
	return apps, because
}

// isManifest reports whether an app.json is Heroku's: Expo's has the same name.
func isManifest(text []byte) bool {
	return !bytes.Contains(text, []byte(`"expo"`)) && slices.ContainsFunc([]string{`"formation"`, `"buildpacks"`, `"addons"`, `"environments"`, `"stack"`}, func(key string) bool {
		return bytes.Contains(text, []byte(key))
	})
}
