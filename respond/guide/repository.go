package guide

import (
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/markdown"
)

// repository is what the instructions learned from the files.
type repository struct {
	read       bool       // files were there to be read
	variable   string     // name under which this credential is to be set
	framework  *framework // nil where none was recognised
	places     []place    // where the credential has to be set anew, as far as the files tell
	production bool       // the credential is a production key
	pulls      bool       // Clerk's command line can write the credential into the local file
	leakedAs   string     // another name under which it leaked, "" if it is the same
}

// place is a host, a store of secrets or a configuration where the credential is set.
type place struct {
	name   string   // "Vercel"
	where  []string // Markdown: the files, with lines where they tell something, that show that it is used
	how    string   // Markdown: the exact command or page
	deploy string   // Markdown: what makes it take effect
	shell  bool     // how reads the new credential from $NEW_KEY
}

// look reads the files. With nil files it knows what the leak itself tells.
func look(l Leak, files Files) repository {
	t := plant(l, files)
	r := repository{read: files != nil, framework: t.framework(l.Paths)}
	r.variable = variableFor(l, r.framework)
	r.production = l.Environment == detect.Live
	r.pulls = l.Kind == detect.SecretKey && r.framework != nil && path.Base(r.framework.manifest) == "package.json"
	if regexp.MustCompile(environmentName).MatchString(l.Variable) && l.Variable != r.variable {
		r.leakedAs = l.Variable
	}
	if files == nil || r.variable == "" {
		return r
	}
	for _, find := range finders() {
		r.places = append(r.places, find(t, l, r.variable)...)
	}
	return r
}

// environmentName is what an environment variable may be called, so that it can stand in a command as it is.
const environmentName = `^[A-Z][A-Z0-9_]{2,63}$`

// browserPrefixes make a framework put the variable into what browsers download.
var browserPrefixes = []string{
	"NEXT_PUBLIC_", "NUXT_PUBLIC_", "VITE_", "EXPO_PUBLIC_", "REACT_APP_", "PLASMO_PUBLIC_", "PUBLIC_", "GATSBY_",
}

// variableFor returns the name of the environment variable that holds this kind of credential: the one that it leaked
// under, where that is a sound one, else the one that Clerk's SDK for the framework reads.
func variableFor(l Leak, f *framework) string {
	name := defaultVariable(l.Kind, f)
	if f != nil && f.prefix != "" {
		return name // the framework leaves no choice
	}
	if name == "" || !regexp.MustCompile(environmentName).MatchString(l.Variable) || !strings.Contains(l.Variable, "CLERK") {
		return name
	}
	for _, p := range browserPrefixes {
		if strings.HasPrefix(l.Variable, p) {
			return name
		}
	}
	if l.Kind == detect.LegacyAPIKey {
		return name // CLERK_API_KEY is read by no SDK of today
	}
	return l.Variable
}

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
	case detect.SecretKey, detect.LegacyAPIKey:
		return prefix + "CLERK_SECRET_KEY"
	}
	return ""
}

func number(n int) string { return strconv.Itoa(n) }

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
		return name + " of the application whose Frontend API is " + markdown.Code(l.Instance)
	case l.Instance != "":
		return "the environment whose Frontend API is " + markdown.Code(l.Instance)
	case name != "":
		return name
	}
	return "the environment that it belongs to"
}
