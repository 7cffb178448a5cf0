package guide

import (
	"regexp"
	"strings"

	"github.com/rekey-app/rekey/detect"
)

// Leak is what the instructions need to know of a leaked credential. It holds no credential.
type Leak struct {
	Kind        detect.Kind
	Environment detect.Environment
	Redacted    string   // public prefix and last four characters
	Instance    string   // Frontend API host of a publishable key nearby: probably this instance; "" if unknown
	Dashboard   string   // exact API-keys page, where the leaking file names it; "" if unknown
	Variable    string   // name that the credential is assigned to; "" if none
	Browser     bool     // that name ships the value to browsers
	Paths       []string // where it leaked; only to tell which part of a monorepo is concerned, never shown
	Hide        bool     // nothing may be told of where it leaked: strangers read this
	Repository  string   // owner/name, for commands; "" if unknown
}

// Files are the repository's files at one commit. Reading happens on demand; nothing is executed.
type Files interface {
	// List returns the paths of all files, slash-separated, in any order.
	List() []string
	// Read returns the content of one file, and false where it does not exist or is too large to be configuration.
	Read(path string) ([]byte, bool)
}

// Step is one thing to do. Title is a short imperative; Text is Markdown, and may be empty.
type Step struct {
	Title, Text string
	Again       string // Text, where the same step was written already further up; "" for Text itself
}

// Guide is the whole of the instructions for one leak. All texts are Markdown.
type Guide struct {
	Opens  string // what the credential opens, and what it does not
	Takes  string // how long it takes, and what goes down meanwhile
	Who    string // who in the team can do it
	Steps  []Step // in the order that avoids downtime
	Abused []Step // the order for a credential that somebody else uses already
	After  []Step // what to look at afterwards
	Purge  string // about removing it from git's history
}

// For returns the instructions for the leak, fitted to the repository where files is not nil.
func For(l Leak, files Files) Guide {
	if !regexp.MustCompile(dashboardPage).MatchString(l.Dashboard) {
		l.Dashboard = ""
	}
	r := look(l, files)
	var g Guide
	switch l.Kind {
	case detect.WebhookSecret:
		g = webhookSecret(l, r)
	case detect.MachineSecretKey:
		g = machineSecretKey(l, r)
	case detect.PlatformAPIKey:
		g = platformAPIKey(l, r)
	case detect.APIKey:
		g = apiKey(l, r)
	case detect.OAuthClientSecret:
		g = oauthClientSecret(l, r)
	case detect.EncryptionKey:
		g = encryptionKey(l, r)
	case detect.ClaimURL:
		g = claimURL(l, r)
	default:
		g = secretKey(l, r)
	}
	g.Purge = purge
	return g
}

// dashboardPage is the only form of page that is linked: the address comes out of a file that anybody may have written.
const dashboardPage = `^https://dashboard\.clerk\.com/apps/app_[A-Za-z0-9]{1,40}/instances/ins_[A-Za-z0-9]{1,40}/api-keys$`

// Markdown returns the instructions as sections of an issue, headings at level 3 and below.
func (g Guide) Markdown(abused bool) string {
	var b strings.Builder
	now, other := g.Steps, g.Abused
	if abused && len(g.Abused) > 0 {
		now, other = g.Abused, g.Steps
	}
	b.WriteString("### Do this now\n\n")
	takes := g.Takes
	if abused && len(g.Abused) > 0 {
		takes = "**Delete first, mend afterwards:** everybody could read it, and strangers read public pushes for keys within minutes."
	}
	if intro := strings.TrimSpace(takes + " " + g.Who); intro != "" {
		b.WriteString(intro + "\n\n")
	}
	writeSteps(&b, now, false)
	if len(g.Abused) > 0 {
		summary := "Somebody else is using it already? Then the order is another one"
		if abused {
			summary = "The order without downtime, if you are sure that nobody has used it"
		}
		b.WriteString("<details>\n<summary>" + summary + "</summary>\n\n")
		writeSteps(&b, other, true)
		b.WriteString("</details>\n\n")
	}
	if g.Opens != "" {
		b.WriteString("### What it opens\n\n" + g.Opens + "\n\n")
	}
	b.WriteString(g.Aftermath())
	b.WriteString("<details>\n<summary>Removing it from git's history</summary>\n\n" + g.Purge + "\n\n</details>\n")
	return b.String()
}

// Aftermath returns what to look at afterwards, as a section of an issue.
func (g Guide) Aftermath() string {
	if len(g.After) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### Look at this afterwards\n\n")
	writeSteps(&b, g.After, false)
	return b.String()
}

func writeSteps(b *strings.Builder, steps []Step, again bool) {
	for i, s := range steps {
		if again && s.Again != "" {
			s.Text = s.Again
		}
		marker := number(i+1) + ". "
		b.WriteString(marker + "**" + s.Title + "**")
		if s.Text != "" {
			indent := strings.Repeat(" ", len(marker))
			sep := " "
			if strings.HasPrefix(s.Text, "\n") {
				sep = ""
			}
			b.WriteString(sep + strings.ReplaceAll(s.Text, "\n", "\n"+indent))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}
