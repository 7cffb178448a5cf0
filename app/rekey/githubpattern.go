package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/rekey-app/rekey/detect/pattern"
)

type githubPatternCommand struct {
	Org        string `placeholder:"ORG" help:"Print the steps for an organisation." xor:"target"`
	Repo       string `placeholder:"OWNER/NAME" help:"Print the steps for one repository." xor:"target"`
	Enterprise string `placeholder:"SLUG" help:"Print the steps for an enterprise." xor:"target"`
	GitHubURL  string `name:"github-url" env:"REKEY_GITHUB_URL" default:"https://github.com" placeholder:"URL" help:"GitHub's web address."`
}

// Help is shown by rekey github-pattern --help.
func (githubPatternCommand) Help() string {
	return `Prints custom patterns for GitHub's secret scanning, as the body of a request to GitHub: Clerk's secret keys, webhook signing secrets,
machine and Platform API keys, and claim URLs. With them GitHub's own push protection refuses a push that has such a key, and
stops files that are made or uploaded in the browser. It needs GitHub Secret Protection, and an owner to set it up:

  rekey github-pattern | gh api --method POST orgs/acme/secret-scanning/custom-patterns --input -

Dry runs and publishing are done in the browser only. --org, --repo and --enterprise print all steps with their addresses instead:

  rekey github-pattern --org acme

The patterns see less than rekey does: docs/push-protection.md says what.`
}

// Run prints the patterns, or the steps.
func (c githubPatternCommand) Run(s streams) error {
	if c.Org == "" && c.Repo == "" && c.Enterprise == "" {
		return printBody(s, pattern.Body{Patterns: pattern.GitHub()})
	}
	steps, err := c.steps()
	if err == nil {
		_, err = fmt.Fprint(s.out, steps)
	}
	return err
}

// printBody prints a request's body so that people can read it too.
func printBody(s streams, body any) error {
	encoder := json.NewEncoder(s.out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(body)
}

// githubName is the name of an organisation, an enterprise or a repository.
var githubName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$`)

// repositoryName is a repository's name, without its owner.
var repositoryName = regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`)

// isRepository reports whether s is like owner/name.
func isRepository(s string) bool {
	owner, name, found := strings.Cut(s, "/")
	return found && githubName.MatchString(owner) && repositoryName.MatchString(name) && name != "." && name != ".."
}

// steps are what an owner does, one after the other.
func (c githubPatternCommand) steps() (string, error) {
	web, err := url.Parse(strings.TrimRight(c.GitHubURL, "/"))
	if err != nil || web.Host == "" {
		return "", errors.New("--github-url is not like https://github.com")
	}
	var target, page string
	switch {
	case c.Org != "" && githubName.MatchString(c.Org):
		target, page = "orgs/"+c.Org, web.String()+"/organizations/"+c.Org+"/settings/security_analysis"
	case c.Enterprise != "" && githubName.MatchString(c.Enterprise):
		target, page = "enterprises/"+c.Enterprise, web.String()+"/enterprises/"+c.Enterprise+"/settings/security_analysis"
	case isRepository(c.Repo):
		target, page = "repos/"+c.Repo, web.String()+"/"+c.Repo+"/settings/security_analysis"
	default:
		return "", fmt.Errorf("%q is not a name on GitHub", c.Org+c.Repo+c.Enterprise)
	}
	var names []string
	for _, p := range pattern.GitHub() {
		names = append(names, p.Name)
	}
	host := ""
	if web.Host != "github.com" {
		host = "--hostname " + web.Host + " "
	}
	var b strings.Builder
	fmt.Fprintf(&b, `1. Create the patterns. They do nothing yet.

   rekey github-pattern | gh api %[1]s--method POST %[2]s/secret-scanning/custom-patterns --input -

2. Publish them in the browser, which is the only way:

   %[3]s

   Under "Custom patterns", click each of these, then "Save and dry run":

     %[4]s

   When the run is over, look at what it found, then click "Publish pattern". From then on GitHub scans pushes, and all history.

`, host, target, page, strings.Join(names, "\n     "))
	if c.Repo != "" {
		b.WriteString("3. Have pushes refused: on the same page, click a pattern's name, then \"Enable\" beside \"Push protection\".\n")
		return b.String(), nil
	}
	fmt.Fprintf(&b, `3. Have pushes refused:

   gh api %[1]s%[2]s/secret-scanning/pattern-configurations --jq '%[3]s' |
     gh api %[1]s--method PATCH %[2]s/secret-scanning/pattern-configurations --input -
`, host, target, enable)
	return b.String(), nil
}

// enable makes of GitHub's answer the body that switches push protection on for all of the patterns.
const enable = `{pattern_config_version, custom_pattern_settings: [.custom_pattern_overrides[] | ` +
	`select(.display_name | startswith("Clerk ")) | {token_type, custom_pattern_version, push_protection_setting: "enabled"}]}`
