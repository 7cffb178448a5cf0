package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/config"
	"github.com/rekey-app/rekey/app/rotate"
	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/pack/gitdir"
)

type rotateCommand struct {
	Subject     string        `arg:"" name:"issue" optional:"" help:"The address of rekey's issue on GitHub, or a fingerprint. Default: what this clone holds."`
	Dir         string        `short:"C" placeholder:"DIR" help:"The clone. Default: this directory."`
	Kind        string        `placeholder:"KIND" help:"What it is, where neither the issue nor the clone says: secret_key, webhook_secret, machine_secret_key, oauth_client_secret, encryption_key, platform_api_key, legacy_api_key or claim_url."`
	Environment string        `default:"" enum:",production,development" placeholder:"NAME" help:"With --kind: production or development."`
	DryRun      bool          `help:"Show the plan and stop."`
	Yes         bool          `short:"y" help:"Do what the plan says without asking."`
	API         bool          `name:"api" xor:"way" help:"Have Clerk's API make the new key. For secret keys that ends ALL keys of the instance."`
	Guided      bool          `xor:"way" help:"Make the new key in Clerk's dashboard, and paste it."`
	KeyStdin    bool          `xor:"way" help:"Read the new key, which you made already, from standard input."`
	Overlap     time.Duration `default:"24h" placeholder:"TIME" help:"How long the old keys keep working, with --api: whole hours, such as 24h."`
	Abused      bool          `help:"Someone is using the key already: end it first, and fix what breaks afterwards."`
	App         string        `placeholder:"APP" help:"The application at Clerk, by its ID or name."`
	Instance    string        `placeholder:"INSTANCE" help:"The instance: production, development, or its ID (ins_…)."`
	Resource    string        `placeholder:"NAME" help:"The machine or OAuth application, by its ID or name."`
	Only        []string      `placeholder:"HOST" help:"Only these hosts and stores, such as github,vercel."`
	Skip        []string      `placeholder:"HOST" help:"All hosts and stores but these."`
	Include     []string      `sep:"none" placeholder:"PLACE" help:"Write this place too, as the plan names it. Can be given more than once."`
	NoComment   bool          `help:"Don't say /rekey rotated on the issue."`
	Restart     bool          `help:"Forget what an earlier run did, and make a new plan."`
	Report      string        `placeholder:"FILE" help:"Write a report for the record of the incident: JSON where the name ends with .json, else Markdown."`
	Format      string        `default:"text" enum:"text,json" placeholder:"FORMAT" help:"text, or json for the report on standard output."`
	Color       string        `default:"auto" enum:"auto,always,never" placeholder:"WHEN" help:"auto, always or never."`
	ClerkURL    string        `name:"clerk-api-url" env:"REKEY_CLERK_API_URL" hidden:""`
}

// Help is shown by rekey rotate --help.
func (rotateCommand) Help() string {
	return `Replaces a leaked key: makes a new one, checks it with Clerk, writes it wherever this project keeps the old one, redeploys, sees to it
that the old one ends, and tells rekey, which closes the issue. It shows the whole plan first, and does nothing without a yes.

It runs on this machine with your own logins (gh, vercel, fly, clerk and others, or their tokens in the environment). The new key is in
this process alone: never in arguments, files of rekey's, or logs. If it is stopped, the same command goes on from there.

Examples:

  rekey rotate https://github.com/acme/shop/issues/12
  rekey rotate                          what this clone holds
  rekey rotate --dry-run                only the plan
  rekey rotate --only github,vercel     only these
  rekey rotate --guided                 make the key in Clerk's dashboard: the other keys of the instance keep working
  rekey rotate --abused                 someone is using it: end it first
  rekey rotate --api --yes --report rotation.md ISSUE

Hosts and stores: ` + strings.Join(rotate.Hosts(), ", ") + `.

Exit status: 0 rotated, 1 something is left to do, 2 something went wrong.`
}

// Run rotates and reports. Its exit status is told by [exitStatus].
func (c rotateCommand) Run(ctx context.Context, s streams) error {
	o, err := c.options(s)
	if err != nil {
		return err
	}
	out, failed := rotate.Run(ctx, o)
	if out.Report.Begun.IsZero() {
		return failed
	}
	if !out.Shown || c.DryRun {
		if err := c.report(s, out.Report); err != nil {
			return errors.Join(failed, err)
		}
	}
	switch {
	case failed != nil:
		return failed
	case c.DryRun:
		return nil
	case out.Shown:
		o.Person.Show("Nothing was changed.")
		return exitStatus(1)
	}
	o.Person.Show("\n" + out.Report.Summary())
	if !out.Report.Finished {
		return exitStatus(1)
	}
	return nil
}

func (c rotateCommand) options(s streams) (rotate.Options, error) {
	o := rotate.Options{
		Subject: c.Subject, Dir: c.Dir, Kind: detect.Kind(c.Kind), Only: c.Only, Skip: c.Skip, Include: c.Include, Overlap: c.Overlap, Abused: c.Abused, App: c.App,
		Instance: c.Instance, Resource: c.Resource, Yes: c.Yes, DryRun: c.DryRun, NoComment: c.NoComment, Restart: c.Restart, Environ: os.Environ(),
		Scanner: detect.New(detect.Options{}), Now: time.Now, Pause: pause,
	}
	o.Environment = map[string]detect.Environment{"production": detect.Live, "development": detect.Test}[c.Environment]
	switch {
	case c.API:
		o.Way = rotate.ByAPI
	case c.Guided:
		o.Way = rotate.Guided
	}
	if err := c.check(); err != nil {
		return o, err
	}
	if c.KeyStdin {
		key, err := keyFrom(s.in)
		if err != nil {
			return o, err
		}
		o.New = key
	}
	var err error
	if o.StateDir, err = config.StateDirectory(os.Getenv); err != nil {
		return o, errors.New("there is no home directory to keep in how far the rotation is: set HOME, or XDG_STATE_HOME")
	}
	screen := s.out
	if c.Format == "json" {
		screen = s.err
	}
	o.Person = rotate.NewTerminal(s.in, screen, styleOf(screen, c.Color), terminal.OpenBrowser)
	home, err := os.UserHomeDir()
	if err != nil {
		home = ""
	}
	machine := &destination.Machine{Environ: o.Environ, Home: home, Transport: unlogged(), Now: time.Now}
	if at, err := gitdir.Find(cmp.Or(c.Dir, "."), false); err == nil {
		if machine.Clone, err = filepath.EvalSymlinks(at.Top); err != nil {
			machine.Clone = at.Top
		}
	}
	if o.Clerk, err = rotate.NewLogin(machine, c.ClerkURL, "rekey/"+versionName()); err != nil {
		return o, err
	}
	o.Drivers, o.Issues = rotate.Drivers(machine), rotate.NewIssues(machine)
	return o, nil
}

// unlogged speaks HTTP/1.1: Go's HTTP/2 writes headers and bodies, credentials too, to standard error where GODEBUG has http2debug=2.
func unlogged() http.RoundTripper {
	transport, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	transport = transport.Clone() // which offers HTTP/2 to servers already
	transport.ForceAttemptHTTP2, transport.TLSClientConfig, transport.TLSNextProto = false, nil, nil
	transport.Protocols = new(http.Protocols)
	transport.Protocols.SetHTTP1(true)
	return transport
}

// check refuses what makes no sense before anything is looked at.
func (c rotateCommand) check() error {
	for _, name := range slices.Concat(c.Only, c.Skip) {
		if !slices.Contains(rotate.Hosts(), name) {
			return fmt.Errorf("%s is no host or store that rekey writes to: these are %s", name, strings.Join(rotate.Hosts(), ", "))
		}
	}
	switch {
	case c.Kind != "" && !rotate.Rotates(detect.Kind(c.Kind)):
		return fmt.Errorf("--kind %s: it is none of secret_key, webhook_secret, machine_secret_key, oauth_client_secret, encryption_key, platform_api_key, legacy_api_key, claim_url", c.Kind)
	case c.Overlap < 0 || c.Overlap > rotate.MaxOverlap || c.Overlap%time.Hour != 0:
		return fmt.Errorf("--overlap %s: write whole hours, from 0h to %s", c.Overlap, rotate.MaxOverlap)
	}
	return nil
}

// maxKey is how much of standard input is read for a key, in bytes.
const maxKey = 4096

func keyFrom(r io.Reader) (detect.Secret, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxKey))
	if err != nil {
		return detect.Secret{}, fmt.Errorf("the new key can't be read from standard input: %w", err)
	}
	key := strings.TrimSpace(string(text))
	if key == "" {
		return detect.Secret{}, errors.New("--key-stdin: standard input is empty")
	}
	return detect.NewSecret(key), nil
}

// report writes what happened where it was asked for.
func (c rotateCommand) report(s streams, r rotate.Report) error {
	if c.Format == "json" {
		text, err := r.JSON()
		if err != nil {
			return err
		}
		if _, err := s.out.Write(text); err != nil {
			return fmt.Errorf("writing the report: %w", err)
		}
	}
	if c.Report == "" {
		return nil
	}
	text := []byte(r.Markdown())
	if strings.HasSuffix(c.Report, ".json") {
		var err error
		if text, err = r.JSON(); err != nil {
			return err
		}
	}
	if err := os.WriteFile(c.Report, text, 0o644); err != nil { //nolint:gosec // it holds no credential, and is made to be passed on
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}
