package rotate

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk/manage"
	"github.com/rekey-app/rekey/respond/guide"
)

// hint is something in the clone that says which instance a credential is of.
type hint struct {
	id      string // "ins_…"
	app     string // "app_…"
	because string
}

var (
	dashboardAddress = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`dashboard\.clerk\.com/apps/(app_[A-Za-z0-9]{1,40})/instances/(ins_[A-Za-z0-9]{1,40})`)
	})
	publishableKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\bpk_(live|test)_[A-Za-z0-9+/=]{8,200}`) })
)

// dashboardHint reads the address of a page of Clerk's dashboard.
func dashboardHint(address string) (hint, bool) {
	m := dashboardAddress().FindStringSubmatch(address)
	if m == nil {
		return hint{}, false
	}
	return hint{app: m[1], id: m[2], because: "a file beside the key links its page in Clerk's dashboard"}, true
}

// publishableKeys are those of the subject's environment in the files that say what an app's settings are, in their order.
func publishableKeys(env detect.Environment, files guide.Files, more [][]byte) []string {
	var out []string
	add := func(text []byte) {
		for _, m := range publishableKey().FindAllSubmatch(text, 64) {
			if key := string(m[0]); detect.Environment(m[1]) == env && !slices.Contains(out, key) && len(out) < 16 {
				out = append(out, key)
			}
		}
	}
	for _, text := range more {
		add(text)
	}
	for _, p := range files.List() {
		if settingsName().MatchString(p) {
			if text, ok := files.Read(p); ok {
				add(text)
			}
		}
	}
	return out
}

var settingsName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|/)(\.env[^/]*|[^/]*\.env|\.dev\.vars|wrangler\.(toml|jsonc?)|vercel\.json|netlify\.toml|fly[^/]*\.toml|render\.ya?ml|app\.json|` +
		`(docker-)?compose[^/]*\.ya?ml|[^/]*dockerfile[^/]*|nuxt\.config\.[a-z]+|astro\.config\.[a-z]+|next\.config\.[a-z]+|main\.[jt]sx?|\.github/workflows/[^/]+)$`)
})

// among chooses the instance of the subject among all that a login to Clerk sees, by what is known of it. Several may fit: a person chooses then.
func among(apps []manage.Application, env detect.Environment, known Instance, keys []string, wanted wish) []Instance {
	var fit, all []Instance
	for _, app := range apps {
		for _, in := range app.Instances {
			one := Instance{ID: in.ID, Application: app.ID, Name: app.Name, Environment: in.Environment}
			if env != "" && in.Environment != env || !wanted.fits(one) {
				continue
			}
			switch {
			case known.ID != "" && in.ID == known.ID:
				one.Because = known.Because
				return []Instance{one}
			case in.PublishableKey != "" && slices.Contains(keys, in.PublishableKey):
				one.Because = "its publishable key is in this clone"
				fit = append(fit, one)
			}
			all = append(all, one)
		}
	}
	switch {
	case known.ID != "" && len(apps) > 0:
		return nil // the login does not see the instance that it is
	case len(fit) > 0:
		return fit
	}
	return all
}

// wish is what --app and --instance say.
type wish struct{ app, instance string }

func (w wish) fits(i Instance) bool {
	if w.app != "" && w.app != i.Application && !strings.EqualFold(w.app, i.Name) {
		return false
	}
	switch strings.ToLower(w.instance) {
	case "":
		return true
	case "production":
		return i.Environment == detect.Live
	case "development":
		return i.Environment == detect.Test
	}
	return w.instance == i.ID
}

// ErrAmbiguous is wrapped where several instances or credentials fit, and nobody is there to choose.
var ErrAmbiguous = errors.New("more than one fits")

func ambiguous(list []Instance) error {
	var names []string
	for _, i := range list[:min(len(list), 6)] {
		names = append(names, fmt.Sprintf("%s (%s)", i.ID, cmp.Or(i.Name, i.Application)))
	}
	return fmt.Errorf("%w of Clerk's instances: choose by --instance: %s", ErrAmbiguous, strings.Join(names, ", "))
}
