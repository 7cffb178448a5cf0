package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/ruleset"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/format"
)

type rulesetCommand struct {
	Org      string   `placeholder:"ORG" help:"The organisation." xor:"target"`
	Repo     string   `placeholder:"OWNER/NAME" help:"One repository." xor:"target"`
	Branch   string   `placeholder:"NAME" help:"A branch. Default: each repository's default branch."`
	Include  []string `placeholder:"PATTERN" help:"Repositories of the organisation by name or pattern. Default: all, those to come as well."`
	Exclude  []string `placeholder:"PATTERN" help:"Repositories to leave out."`
	Evaluate bool     `help:"Only record what would have been refused. GitHub Enterprise has that."`
	Check    bool     `help:"Print no ruleset: list the repositories that don't require the check, or take it from anybody."`
	Format   string   `default:"text" enum:"text,json" placeholder:"FORMAT" help:"text or json, with --check."`

	AppID          string `env:"REKEY_APP_ID" placeholder:"ID" help:"The GitHub App's ID. Default: the App that was made by set-up in the browser."`
	PrivateKey     string `env:"REKEY_PRIVATE_KEY" placeholder:"PEM" help:"The App's private key, with --check. Prefer the file: other users of this machine can read command lines."`
	PrivateKeyFile string `env:"REKEY_PRIVATE_KEY_FILE" placeholder:"FILE" help:"File with the App's private key, with --check."`
	Data           string `env:"REKEY_DATA" placeholder:"DIR" help:"The server's data directory, where set-up keeps the App's credentials."`
	GitHubURL      string `name:"github-url" env:"REKEY_GITHUB_URL" placeholder:"URL" help:"GitHub's web address. Default: https://github.com, or the one that set-up was told."`
	GitHubAPIURL   string `name:"github-api-url" env:"REKEY_GITHUB_API_URL" placeholder:"URL" help:"GitHub's API address. Default: derived from --github-url."`
}

// Help is shown by rekey ruleset --help.
func (rulesetCommand) Help() string {
	return `Prints the ruleset that makes rekey's check a required one, as the body of a request to GitHub. It names the App, so that nobody
else's check counts: anyone with write access can post a green check of any name. An owner sends it, once:

  rekey ruleset --org acme | gh api --method POST orgs/acme/rulesets --input -
  rekey ruleset --repo acme/api | gh api --method POST repos/acme/api/rulesets --input -

Install the App on all repositories that the ruleset is for, first: where it isn't, pull requests wait for its check in vain.

With --check it asks GitHub which repositories require the check, by rulesets or by branch protection:

  rekey ruleset --org acme --check

It asks with the token in GH_TOKEN or GITHUB_TOKEN, about all repositories that the token can read, or else as the App, about those that
the App is installed on. The App needs no further permission. docs/required-check.md has the details.

Exit status of --check: 0 all require it, 1 some don't, 2 some could not be read, or wrong usage.`
}

// Run prints the ruleset, or asks and prints who lacks it.
func (c rulesetCommand) Run(ctx context.Context, s streams) error {
	if c.Org+c.Repo == "" {
		return errors.New("for whom? give --org ORG or --repo OWNER/NAME; see rekey ruleset --help")
	}
	if c.Org != "" && !githubName.MatchString(c.Org) || c.Repo != "" && !isRepository(c.Repo) {
		return fmt.Errorf("%q is not a name on GitHub", c.Org+c.Repo)
	}
	if c.Repo != "" && len(c.Include)+len(c.Exclude) > 0 {
		return errors.New("--include and --exclude choose from an organisation's repositories: use them with --org")
	}
	if c.Check {
		return c.check(ctx, s)
	}
	cfg, err := c.flags().AppOnly(false)
	if err != nil {
		return err
	}
	body, err := ruleset.New(ruleset.Options{
		App: cfg.AppID, Branch: c.Branch, Evaluate: c.Evaluate, OneRepo: c.Repo != "", Include: c.Include, Exclude: c.Exclude,
	}).JSON()
	if err == nil {
		_, err = s.out.Write(body)
	}
	return err
}

func (c rulesetCommand) flags() config.Flags {
	return config.Flags{
		AppID: c.AppID, PrivateKey: c.PrivateKey, PrivateKeyFile: c.PrivateKeyFile, Data: c.Data, GitHubURL: c.GitHubURL, GitHubAPIURL: c.GitHubAPIURL,
	}
}

func (c rulesetCommand) check(ctx context.Context, s streams) error {
	token := cmp.Or(os.Getenv("GH_TOKEN"), os.Getenv("GITHUB_TOKEN"))
	cfg, err := c.flags().AppOnly(token == "")
	if err != nil {
		return err
	}
	client := github.Config{
		AppID: cfg.AppID, PrivateKey: cfg.PrivateKey, WebURL: cfg.GitHubURL, APIURL: cfg.GitHubAPIURL, UserAgent: "rekey/" + versionName(),
	}
	checker := &ruleset.Checker{App: cfg.AppID, Branch: c.Branch, Now: time.Now, Sleep: sleeper(s)}
	var repos []github.RepositoryInfo
	if token != "" {
		checker.Rules, repos, err = c.asPerson(ctx, client, token)
	} else {
		checker.Rules, repos, err = c.asApp(ctx, client)
	}
	if err != nil {
		return err
	}
	report, err := checker.Check(ctx, repos)
	if err != nil {
		return err
	}
	if err := c.write(s, report); err != nil {
		return err
	}
	switch {
	case report.Missed() > 0:
		return exitStatus(1)
	case report.Counts[ruleset.Unread] > 0:
		return exitStatus(2)
	}
	return nil
}

func (c rulesetCommand) write(s streams, report ruleset.Report) error {
	if c.Format != "json" {
		return report.WriteText(s.out)
	}
	encoder := json.NewEncoder(s.out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(report)
}

// asPerson lists what a person's token reaches.
func (c rulesetCommand) asPerson(ctx context.Context, cfg github.Config, token string) (ruleset.Rules, []github.RepositoryInfo, error) {
	rules, err := github.NewRules(cfg, token)
	if err != nil {
		return nil, nil, err
	}
	if c.Org != "" {
		repos, err := rules.OrganizationRepositories(ctx, c.Org)
		return rules, repos, refusedToken(err)
	}
	owner, name, _ := strings.Cut(c.Repo, "/")
	repo, err := rules.Repository(ctx, owner, name)
	return rules, []github.RepositoryInfo{repo}, refusedToken(err)
}

// refusedToken says of a token what the package github says of the App's credentials.
func refusedToken(err error) error {
	if errors.Is(err, github.ErrUnauthorized) {
		return errors.New("GitHub does not accept the token in GH_TOKEN or GITHUB_TOKEN: make a new one, or unset it to ask as the App")
	}
	return err
}

// asApp lists what the App's installation reaches.
func (c rulesetCommand) asApp(ctx context.Context, cfg github.Config) (ruleset.Rules, []github.RepositoryInfo, error) {
	app, err := github.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	installations, err := app.Installations(ctx)
	if err != nil {
		return nil, nil, err
	}
	account, name, _ := strings.Cut(cmp.Or(c.Repo, c.Org), "/")
	for _, in := range installations {
		if !strings.EqualFold(in.Account, account) {
			continue
		}
		repos, err := app.InstallationRepositories(ctx, in.ID)
		if err != nil || name == "" {
			return app.Rules(in.ID), repos, err
		}
		for _, repo := range repos {
			if strings.EqualFold(repo.Name, name) {
				return app.Rules(in.ID), []github.RepositoryInfo{repo}, nil
			}
		}
		return nil, nil, fmt.Errorf("the App is not installed on %s: add the repository to its installation", c.Repo)
	}
	return nil, nil, fmt.Errorf("the App is not installed on %s: install it there, or set GH_TOKEN to ask as yourself", account)
}

// sleeper waits, and says so once for each reason and end.
func sleeper(s streams) func(ctx context.Context, until time.Time, why string) error {
	var mu sync.Mutex
	said := map[string]bool{}
	return func(ctx context.Context, until time.Time, why string) error {
		wait := time.Until(until)
		if wait > 5*time.Second {
			mu.Lock()
			if line := fmt.Sprintf("rekey: %s; waiting until %s\n", why, format.Time(until)); !said[line] {
				said[line] = true
				fmt.Fprint(s.err, line)
			}
			mu.Unlock()
		}
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		}
	}
}
