package guide

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/markdown"
)

// repository is what the instructions learned from the files.
type repository struct {
	read       bool       // files were there to be read
	partly     bool       // not all that would be of interest were read
	variable   string     // name under which this credential is to be set
	framework  *framework // nil where none was recognised
	targets    []target   // where the credential has to be set, as far as the files say
	changes    []change   // what to change in the files, for each kind of place where the credential still is
	production bool       // the credential is a production key
	pulls      bool       // Clerk's command line can write the credential into the local file
	leakedAs   string     // another name under which it leaked, which the code may read; "" if it is the same
	browser    string     // the variable by which it reached browsers, "" if it did not
	branch     string     // the branch whose files were read, where that is not the default one
	keyless    bool       // the credential is that of a keyless application
}

// target is a host, a store of secrets or a configuration where the credential is set.
type target struct {
	name  string   // "Vercel"
	in    string   // where it is set, behind "Set it": "in GitHub Actions"; "" for "on " and the name
	by    string   // what deploys, before a command: "With AWS SAM:"; "" for in
	part  bool     // it does not serve the whole app, so that there may be another place that needs the credential
	where []string // Markdown: the files, with lines where they say something, that show that it is used
	how   string   // Markdown: what to do, before the commands
	set   []string // commands that set the new credential
	note  string   // Markdown: behind the commands
	late  bool     // to be set after the commit that takes the old credential out of the files: it undoes it otherwise
	auto  bool     // setting it makes what runs take it
	again string   // Markdown: how what runs takes it without a new commit; "" where nothing is to be done
	ships string   // Markdown: how a commit is deployed; "" for what runs nothing
	runs  []string // commands that deploy a commit
	takes []string // commands that make what runs take the new credential, without a commit
}

// survey reads the files. With nil files it knows what the leak itself says.
func survey(ctx context.Context, l Leak, files Files) repository {
	t := plant(ctx, l, files)
	paths := l.Paths
	for _, at := range l.Head {
		paths = append(paths[:len(paths):len(paths)], at.Path)
	}
	r := repository{read: files != nil, framework: t.framework(paths), production: l.Environment == detect.Live}
	r.variable = variableFor(t, l, r.framework)
	r.keyless = keyless(t, l)
	r.pulls = l.Kind == detect.SecretKey && r.framework != nil && path.Base(r.framework.manifest) == "package.json"
	r.browser = browserName(t, l)
	r.branch = l.Branch
	if l.Variable == strings.ToUpper(l.Variable) && environmentName.MatchString(l.Variable) && l.Variable != r.variable && l.Variable != r.browser && r.variable != "" {
		r.leakedAs = l.Variable
	}
	if files != nil && r.variable != "" {
		for _, find := range finders() {
			r.targets = append(r.targets, find(t, l, r.variable)...)
		}
	}
	r.changes = changes(t, l, r)
	r.partly = t.full
	return r
}

// environmentName is what an environment variable may be called, so that it can be part of a command as it is.
var environmentName = newPattern(`^[A-Za-z][A-Za-z0-9_]{2,63}$`)

// browserPrefixes make a framework put the variable into what browsers download.
var browserPrefixes = []string{
	"NEXT_PUBLIC_", "NUXT_PUBLIC_", "VITE_", "EXPO_PUBLIC_", "REACT_APP_", "PLASMO_PUBLIC_", "PUBLIC_", "GATSBY_", "VUE_APP_", "STORYBOOK_", "NG_APP_",
}

// browserName returns the variable by which a framework ships the credential to browsers, "" where none does.
func browserName(t *tree, l Leak) string {
	if l.Browser && environmentName.MatchString(l.Variable) {
		return l.Variable
	}
	for _, at := range l.Head {
		if name := first(assignment, t.line(at)); !l.Hide && ShipsToBrowsers(name) && environmentName.MatchString(name) {
			return name
		}
	}
	return ""
}

// ShipsToBrowsers reports whether a framework puts a variable of that name into what browsers download.
func ShipsToBrowsers(name string) bool {
	return slices.ContainsFunc(browserPrefixes, func(p string) bool { return strings.HasPrefix(name, p) })
}

// variableFor returns the name of the environment variable that holds this kind of credential: the one that it leaked
// under, where that is a sound one, else the one that Clerk's SDK for the framework reads.
func variableFor(t *tree, l Leak, f *framework) string {
	name := defaultVariable(l.Kind, f)
	if name == "" && l.Kind == detect.APIKey && l.Variable == strings.ToUpper(l.Variable) && environmentName.MatchString(l.Variable) {
		return l.Variable
	}
	if f != nil && f.name == ".NET" {
		return dotnetVariable(t, l, name)
	}
	if f != nil && f.prefix != "" {
		return name // the framework leaves no choice
	}
	if name == "" || l.Variable != strings.ToUpper(l.Variable) || !environmentName.MatchString(l.Variable) || !strings.Contains(l.Variable, "CLERK") {
		return name
	}
	if ShipsToBrowsers(l.Variable) {
		return name
	}
	if l.Kind == detect.LegacyAPIKey {
		return name // CLERK_API_KEY is read by no SDK of today
	}
	return l.Variable
}

// dotnetVariable returns the variable that takes the place of a setting in appsettings.json: Clerk__SecretKey for
// {"Clerk": {"SecretKey": …}}.
func dotnetVariable(t *tree, l Leak, name string) string {
	for _, at := range l.Head {
		if appsettings.MatchString(at.Path) {
			if v := strings.Join(t.keyPath(at), "__"); environmentName.MatchString(v) {
				return v
			}
		}
	}
	if strings.EqualFold(l.Variable, "SecretKey") || strings.EqualFold(l.Variable, "Clerk:SecretKey") {
		return "Clerk__SecretKey"
	}
	if environmentName.MatchString(l.Variable) && strings.Contains(strings.ToUpper(l.Variable), "CLERK") {
		return l.Variable
	}
	return name
}

var appsettings = newPattern(`(^|/)appsettings[^/]*\.json$`)

func defaultVariable(k detect.Kind, f *framework) string {
	prefix := ""
	if f != nil {
		prefix = f.prefix
	}
	switch k {
	case detect.WebhookSecret:
		return prefix + "CLERK_WEBHOOK_SIGNING_SECRET"
	case detect.MachineSecretKey:
		return "CLERK_MACHINE_SECRET_KEY"
	case detect.PlatformAPIKey:
		return "CLERK_PLATFORM_API_KEY"
	case detect.EncryptionKey:
		return "CLERK_ENCRYPTION_KEY"
	case detect.OAuthClientSecret:
		return "CLERK_OAUTH_CLIENT_SECRET"
	case detect.SecretKey, detect.LegacyAPIKey:
		return prefix + "CLERK_SECRET_KEY"
	}
	return ""
}

// keyless reports whether the key belongs to an application that Clerk's SDK or `clerk init` created by itself: it is in
// the folder .clerk, or in the .env file beside one.
func keyless(t *tree, l Leak) bool {
	if l.Environment == detect.Live || l.Hide {
		return false
	}
	for _, p := range l.Paths {
		if keylessFile.MatchString(p) {
			return true
		}
		dir := strings.TrimSuffix(p, path.Base(p))
		if envFile.MatchString(p) && (t.has(dir+".clerk/keyless.json") || t.has(dir+".clerk/.tmp/keyless.json")) {
			return true
		}
	}
	return false
}

var keylessFile = newPattern(`(^|/)\.clerk/(\.tmp/)?[^/]+$`)

// instance names the Clerk environment that the credential belongs to, in Markdown.
func instance(l Leak) string {
	name := ""
	switch l.Environment {
	case detect.Live:
		name = "**Production**"
	case detect.Test:
		name = "**Development**"
	}
	switch {
	case name != "" && l.Instance != "":
		return name + " of the application with Frontend API " + markdown.Code(l.Instance)
	case l.Instance != "":
		return "the environment with Frontend API " + markdown.Code(l.Instance)
	case name != "":
		return name
	}
	return "its environment"
}
