package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/format"
)

const (
	// littleSpace is less than a busy day may need; the server stops at 64 MiB.
	littleSpace, noSpace = 1 << 30, 64 << 20
	// maxSkew is how far clocks may be apart: GitHub takes tokens that were signed up to a minute ahead of its clock, which is what rekey
	// allows for.
	maxSkew, someSkew = time.Minute, 20 * time.Second
	// recent is how many of the latest deliveries are looked at.
	recent = 100
)

// Judge says of everything whether it is well. It is pure.
func Judge(f Facts) []Check {
	checks := []Check{judgeSettings(f), judgeDatabase(f.Database), judgeDisk(f)}
	if f.NoApp || f.Config != nil {
		for _, name := range []string{"github", "clock", "app", "permissions", "events", "installations", "webhook", "secret", "deliveries", "ping"} {
			checks = append(checks, Check{Name: name, State: Skipped, Detail: "needs the settings to be right"})
		}
		return append(checks, judgeClerk(f))
	}
	checks = append(checks, judgeGitHub(f), judgeClock(f), judgeApp(f))
	if f.GitHub != nil {
		for _, name := range []string{"permissions", "events", "installations", "webhook", "secret", "deliveries", "ping"} {
			checks = append(checks, Check{Name: name, State: Skipped, Detail: "needs the App's credentials to work"})
		}
		return append(checks, judgeClerk(f))
	}
	checks = append(checks, judgeGrant("permissions", f.App), judgeGrant("events", f.App), judgeInstallations(f))
	checks = append(checks, judgeLogs(f)...)
	checks = append(checks, judgeHook(f)...)
	return append(checks, judgeDeliveries(f), judgePing(f), judgeClerk(f))
}

func judgeSettings(f Facts) Check {
	c := Check{Name: "settings", State: OK, Detail: "data directory " + f.Data}
	switch {
	case f.NoApp:
		c.State, c.Detail = Failed, "there is no GitHub App yet"
		c.Fix = "Run rekey serve, and open the link that it prints."
	case f.Config != nil:
		c.State, c.Detail = Failed, strings.ReplaceAll(f.Config.Error(), "\n", "; ")
		c.Fix = "Correct the settings; rekey serve --help explains each."
	case f.Credentials&0o077 != 0:
		c.State, c.Detail = Warning, "github-app.json can be read by others on this machine"
		c.Fix = "Run chmod 600 on github-app.json in " + f.Data + "."
	case f.PublicURL == "":
		c.State, c.Detail = Warning, "REKEY_PUBLIC_URL is not set, so nobody can sign in to the dashboard"
		c.Fix = "Set it to the address at which browsers reach rekey."
	case !f.SignIn:
		c.State, c.Detail = Warning, "REKEY_CLIENT_ID and REKEY_CLIENT_SECRET are not set, so nobody can sign in to the dashboard"
		c.Fix = "Copy the client ID from the App's settings page, and generate a client secret there."
	}
	return c
}

func judgeDatabase(d Database) Check {
	c := Check{Name: "database", State: OK, Detail: d.Name + " can be read and written, and has this version's schema"}
	switch {
	case d.Name == "":
		return Check{Name: "database", State: Skipped, Detail: "needs the settings to be right"}
	case d.Missing:
		c.Detail = d.Name + " isn't there yet; rekey serve creates it"
	case d.Open != nil:
		c.State, c.Detail = Failed, oneLine(d.Open)
		c.Fix = "Check that the database runs and that rekey's user may use it; rekey serve upgrades an older schema."
	case d.Write != nil:
		c.State, c.Detail = Failed, d.Name+" can't be written: "+oneLine(d.Write)
		c.Fix = "Check the disk, and the permissions of rekey's user."
	}
	return c
}

func judgeDisk(f Facts) Check {
	c := Check{Name: "disk", State: OK, Detail: format.Size(f.Free) + " free"}
	switch {
	case f.Database.Name == "":
		return Check{Name: "disk", State: Skipped, Detail: "needs the settings to be right"}
	case f.Free < 0:
		c.Detail = "how much is free isn't known"
	case f.Free < noSpace:
		c.State, c.Fix = Failed, "Free some space: rekey accepts no deliveries below "+format.Size(int64(noSpace))+"."
	case f.Free < littleSpace:
		c.State, c.Fix = Warning, "Free some space, or use a larger disk."
	}
	return c
}

func judgeGitHub(f Facts) Check {
	c := Check{Name: "github", State: OK, Detail: f.GitHubURL + " answers"}
	if f.GitHub != nil && !github.Answered(f.GitHub) {
		c.State, c.Detail = Failed, oneLine(f.GitHub)
		c.Fix = "Check REKEY_GITHUB_URL, this machine's network, and HTTPS_PROXY."
	}
	return c
}

func judgeClock(f Facts) Check {
	if f.GitHubNow.IsZero() {
		return Check{Name: "clock", State: Skipped, Detail: "GitHub didn't tell the time"}
	}
	skew := f.Now.Sub(f.GitHubNow)
	if skew > 0 && skew < time.Second { // its header has whole seconds
		skew = 0
	}
	c := Check{Name: "clock", State: OK, Detail: "agrees with GitHub's"}
	if skew.Abs() < someSkew {
		return c
	}
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	c.State, c.Detail = Warning, fmt.Sprintf("this machine's clock is %s %s GitHub's", format.Duration(skew.Abs()), direction)
	c.Fix = "Synchronise the clock, for example with timedatectl set-ntp true."
	if skew.Abs() >= maxSkew {
		c.State = Failed
	}
	return c
}

func judgeApp(f Facts) Check {
	c := Check{Name: "app", State: OK, Detail: f.App.Slug + " of " + f.App.Owner, Link: f.App.PageURL}
	switch {
	case f.GitHub == nil:
	case errors.Is(f.GitHub, github.ErrUnauthorized) && judgeClock(f).State == Failed:
		c = Check{Name: "app", State: Skipped, Detail: "GitHub refuses what is signed by a wrong clock"}
	case errors.Is(f.GitHub, github.ErrUnauthorized), errors.Is(f.GitHub, github.ErrNotFound):
		c = Check{Name: "app", State: Failed, Detail: "GitHub doesn't accept the App's ID and private key", Fix: "Compare REKEY_APP_ID with the App's settings page, and generate a new private key there."}
	case github.Answered(f.GitHub):
		c = Check{Name: "app", State: Failed, Detail: oneLine(f.GitHub), Fix: "Try again in some minutes; githubstatus.com says whether GitHub has a problem."}
	default:
		c = Check{Name: "app", State: Skipped, Detail: "needs GitHub to be reachable"}
	}
	return c
}

// judgeGrant looks at the permissions or the events of the App's registration.
func judgeGrant(name string, app github.Registration) Check {
	events := name == "events"
	var missing, effects []string
	for _, need := range app.Missing() {
		if (need.Access == "") == events {
			missing, effects = append(missing, need.String()), append(effects, need.Without)
		}
	}
	if len(missing) == 0 {
		return Check{Name: name, State: OK, Detail: "the App has all that it needs" + optionalMissing(events, app)}
	}
	return Check{
		Name: name, State: Failed, Detail: "missing: " + strings.Join(missing, ", ") + " (" + strings.Join(effects, "; ") + ")",
		Fix: "Add them in the App's settings; each account that installed it then accepts them.", Link: app.SettingsURL,
	}
}

// optionalMissing says which of the optional permissions, or events, the App does without; "" for none.
func optionalMissing(events bool, app github.Registration) string {
	var names []string
	for _, need := range app.MissingOptional() {
		if (need.Access == "") == events {
			names = append(names, need.String())
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; optional, and not there: " + strings.Join(names, ", ") + " (docs/install.md)"
}

func judgeInstallations(f Facts) Check {
	c := Check{Name: "installations", State: OK}
	if f.Listing != nil {
		return Check{Name: c.Name, State: Failed, Detail: oneLine(f.Listing), Fix: "Try again in some minutes."}
	}
	if len(f.Installations) == 0 {
		return Check{Name: c.Name, State: Warning, Detail: "the App is installed nowhere", Fix: "Install it.", Link: f.App.PageURL + "/installations/new"}
	}
	c.Detail = format.Count(int64(len(f.Installations)), "account", "accounts") + ", with all that is needed"
	var problems []string
	for _, i := range f.Installations {
		switch missing := i.Missing(); {
		case i.Suspended:
			problems = append(problems, i.Account+" has suspended it")
		case len(missing) > 0:
			var names []string
			for _, need := range missing {
				names = append(names, need.String())
			}
			problems = append(problems, i.Account+" hasn't accepted "+strings.Join(names, ", "))
		default:
			continue
		}
		if c.Link == "" {
			c.Link = i.SettingsURL
		}
	}
	if len(problems) > 0 {
		c.State, c.Detail, c.Fix = Warning, strings.Join(problems, "; "), "Ask an owner of the account to open the installation's settings and accept."
	}
	return c
}

// judgeLogs says where policies have logs of Actions read that the App can't read; nothing where all is well.
func judgeLogs(f Facts) []Check {
	for _, i := range f.Installations {
		wanted := f.Logs[i.ID]
		if wanted.Repositories == 0 {
			continue
		}
		var missing []string
		if i.Permissions["actions"] == "" {
			missing = append(missing, "actions: read")
		}
		if !slices.Contains(i.Events, "workflow_run") {
			missing = append(missing, "workflow_run event")
		}
		if len(missing) == 0 {
			continue
		}
		return []Check{{
			Name: "logs", State: Warning, Detail: "the policy of " + wanted.One + " says texts.logs: true, and " + i.Account + "'s installation lacks " + strings.Join(missing, ", "),
			Fix: "Add them in the App's settings, and have an owner of " + i.Account + " accept them.", Link: i.SettingsURL,
		}}
	}
	return nil
}

func judgeClerk(f Facts) Check {
	c := Check{Name: "clerk", State: OK, Detail: f.ClerkURL + " answers"}
	switch {
	case f.Clerk != nil:
		c.State, c.Detail = Failed, oneLine(f.Clerk)
	case f.ClerkStatus >= 500:
		c.State, c.Detail = Warning, fmt.Sprintf("%s answers %d", f.ClerkURL, f.ClerkStatus)
	case f.ClerkStatus == 0:
		return Check{Name: c.Name, State: Skipped, Detail: "not asked"}
	default:
		return c
	}
	c.Fix = "Check this machine's network, HTTPS_PROXY and status.clerk.com. Until Clerk answers, rekey can't find out which keys still work."
	return c
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
