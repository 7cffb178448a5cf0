package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/online"
	"github.com/rekey-app/rekey/app/scan"
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/github"
	"github.com/rekey-app/rekey/respond/format"
)

// githubFlags are those of a scan of GitHub.
type githubFlags struct {
	Include   []string `placeholder:"WHAT" help:"With --github: any of git, issues, pulls, discussions, releases, wiki, actions. Default: all but actions."`
	Forks     bool     `help:"With --github OWNER: read forks too."`
	NoWait    bool     `help:"With --github: end with 2 where GitHub's limit of requests would be waited for. The same command goes on."`
	Restart   bool     `help:"With --github: start again, where an earlier scan was interrupted."`
	State     string   `placeholder:"FILE" help:"With --github: where to keep how far the scan is. Default: in the user's state directory."`
	GitHubURL string   `name:"github-url" env:"REKEY_GITHUB_URL" placeholder:"URL" help:"With --github: GitHub's web address. Default: that of GH_HOST, or https://github.com."`
}

// githubOnly refuses what says nothing without --github.
func (c scanCommand) githubOnly() error {
	for flag, given := range map[string]bool{
		"--include": len(c.Include) > 0, "--forks": c.Forks, "--no-wait": c.NoWait, "--restart": c.Restart, "--state": c.State != "",
	} {
		if given {
			return fmt.Errorf("%s goes with --github OWNER[/REPO]", flag)
		}
	}
	return nil
}

// runGitHub scans what GitHub has, and reports as Run does.
func (c scanCommand) runGitHub(ctx context.Context, s streams) error {
	o, err := c.githubOptions(ctx, s)
	if err != nil {
		return err
	}
	scanner, judged := o.Scanner, scan.Options{IgnoreFile: c.Ignore, Baseline: c.Baseline}
	if _, err := scan.Judge(ctx, scanner, nil, nil, judged); err != nil { // sooner than after an hour
		return err
	}
	debug.SetGCPercent(c.garbage())
	began := time.Now()
	stop := c.showOnline(s, &o)
	out, failed := online.Run(ctx, o)
	stop()
	result, err := scan.Judge(context.WithoutCancel(ctx), scanner, out.Hits, out.Problems, judged)
	if err != nil {
		return err
	}
	result.Notes = append(result.Notes, out.Notes...)
	result.Read, result.Files, result.Bytes, result.Elapsed = out.Read, out.Files, out.Bytes, time.Since(began)
	if failed != nil && ctx.Err() != nil {
		failed = errors.New("stopped before everything was read")
		if out.Resumable {
			failed = fmt.Errorf("stopped after %s of %s: the same command goes on from here", format.Number(out.Done),
				format.Count(out.Of, "repository", "repositories"))
		}
	}
	err = c.finish(ctx, s, result, failed)
	var status exitStatus
	if failed == nil && (err == nil || errors.As(err, &status)) { // it was written
		online.Forget(o.State)
	}
	return err
}

func (c scanCommand) githubOptions(ctx context.Context, s streams) (online.Options, error) {
	o := online.Options{
		Forks: c.Forks, Malformed: c.Malformed, Scanner: detect.New(detect.Options{Malformed: c.Malformed}), Program: versionName(),
		Restart: c.Restart, Workers: c.Workers, Now: time.Now, Pause: pause,
	}
	var err error
	if o.Owner, o.Name, err = c.target(); err != nil {
		return o, err
	}
	if o.Include, err = surfaces(c.Include); err != nil {
		return o, err
	}
	if o.Web, err = webAddress(c.GitHubURL, os.Getenv); err != nil {
		return o, err
	}
	token, hint := personalToken(ctx, o.Web, os.Getenv)
	o.Token = token != ""
	o.Say = c.sayer(s)
	if token == "" {
		o.Say("there is no token: GitHub shows what is public, and allows 60 requests an hour. " + hint)
	}
	o.GitHub, err = github.NewPerson(github.Config{WebURL: o.Web, UserAgent: "rekey/" + versionName()}, token)
	if err != nil {
		return o, err
	}
	if o.State, err = c.stateFile(o); err != nil {
		o.Say("there is no home directory to keep the state of the scan in: an interrupted one starts again. --state FILE names a place")
		o.State = ""
	}
	if !c.NoWait {
		o.Wait = waiter(o.Say, o.State != "")
	}
	return o, nil
}

// target reads OWNER[/REPO], also as the address of its page.
func (c scanCommand) target() (owner, name string, err error) {
	if len(c.Paths) > 0 {
		return "", "", errors.New("--github scans no paths: name one owner or repository")
	}
	owner, name, isRepo := strings.Cut(strings.TrimSuffix(c.GitHub, "/"), "/")
	if !githubName.MatchString(owner) || isRepo && !isRepository(owner+"/"+name) {
		return "", "", fmt.Errorf("--github %s: write OWNER or OWNER/REPO, such as acme or acme/api", c.GitHub)
	}
	return owner, name, nil
}

// surfaces reads --include.
func surfaces(names []string) ([]online.Surface, error) {
	var wanted []online.Surface
	for _, s := range online.Surfaces() {
		if slices.Contains(names, string(s)) || len(names) == 0 && s != online.Actions {
			wanted = append(wanted, s)
		}
	}
	for _, name := range names {
		if !slices.Contains(wanted, online.Surface(name)) {
			return nil, fmt.Errorf("--include %s: it is none of git, issues, pulls, discussions, releases, wiki, actions", name)
		}
	}
	return wanted, nil
}

// webAddress is GitHub's address, as it was given or as gh has it.
func webAddress(given string, getenv func(string) string) (string, error) {
	address := given
	if host := getenv("GH_HOST"); address == "" && host != "" {
		address = "https://" + host
	}
	address = strings.TrimRight(cmp.Or(address, "https://github.com"), "/")
	if _, err := github.APIURL(address); err != nil {
		return "", err
	}
	return address, nil
}

// personalToken finds the token for a GitHub where gh looks for it, and asks gh for its own. A token for github.com goes to no other
// server. hint says how there would be one.
func personalToken(ctx context.Context, web string, getenv func(string) string) (token, hint string) {
	host := web
	if u, err := url.Parse(web); err == nil {
		host = u.Host
	}
	variables := []string{"GH_TOKEN", "GITHUB_TOKEN"}
	if host != "github.com" && !strings.HasSuffix(host, ".ghe.com") && strings.TrimRight(getenv("GITHUB_SERVER_URL"), "/") != web {
		variables = []string{"GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"}
	}
	for _, name := range variables {
		if token := strings.TrimSpace(getenv(name)); token != "" {
			return token, ""
		}
	}
	hint = "Set " + variables[0] + ", or log in with gh auth login --hostname " + host
	gh, err := exec.LookPath("gh")
	if err != nil {
		return "", hint
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, gh, "auth", "token", "--hostname", host).Output()
	if err != nil {
		return "", hint
	}
	return strings.TrimSpace(string(out)), hint
}

// stateFile is where the state of a scan is: each that is of something else has its own.
func (c scanCommand) stateFile(o online.Options) (string, error) {
	if c.State != "" {
		return c.State, nil
	}
	dir, err := config.StateDirectory(os.Getenv)
	if err != nil {
		return "", err
	}
	host := strings.NewReplacer("https://", "", "http://", "", "/", "+", ":", "+").Replace(o.Web)
	what := sha256.Sum256(fmt.Append(nil, o.Include, o.Forks, o.Malformed, o.Token))
	name := strings.Join([]string{host, o.Owner, o.Name, hex.EncodeToString(what[:4])}, "+")
	return filepath.Join(dir, "scans", strings.ToLower(name)+".json"), nil
}

// sayer writes lines for people, over the progress where that is drawn.
func (c scanCommand) sayer(s streams) func(string) {
	if c.Quiet {
		return func(string) {}
	}
	before := ""
	if _, draws := drawable(s.err); draws {
		before = "\r\x1b[K"
	}
	return func(line string) { fmt.Fprintf(s.err, "%srekey: %s\n", before, terminal.Printable(line)) }
}

// waiter waits for the end of a limit, and says until when, and why.
func waiter(say func(string), resumable bool) func(ctx context.Context, until time.Time, why string) error {
	return func(ctx context.Context, until time.Time, why string) error {
		wait := time.Until(until)
		line := fmt.Sprintf("%s: waiting until %s (%s)", why, format.Time(until), format.Duration(wait))
		if resumable {
			line += ". Ctrl-C is safe: the same command goes on from here"
		}
		say(line)
		return pause(ctx, wait)
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// showOnline shows on a terminal how far the scan is.
func (c scanCommand) showOnline(s streams, o *online.Options) (stop func()) {
	f, ok := drawable(s.err)
	if c.Quiet || !ok {
		return func() {}
	}
	var now atomic.Pointer[online.Progress]
	now.Store(&online.Progress{Repository: c.GitHub, Step: "asking GitHub"})
	o.Show = func(p online.Progress) { now.Store(&p) }
	return drawProgress(s.err, func(elapsed time.Duration, width int) string {
		return fitted(onlineLine(*now.Load(), elapsed), width)
	}, columnsOf(f))
}

// onlineLine says where a scan is, since when, and what was read of the repository.
func onlineLine(p online.Progress, elapsed time.Duration) string {
	return strings.TrimSpace(terminal.Printable(p.String()) + "  " + format.Duration(elapsed) + "  " + p.Read)
}
