package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/rekey-app/rekey/app/audit/local"
	"github.com/rekey-app/rekey/app/terminal"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit"
	"github.com/rekey-app/rekey/respond/format"
	"github.com/rekey-app/rekey/respond/routemap"
)

type auditCommand struct {
	Path    string `arg:"" optional:"" help:"A directory or file. Default: this directory."`
	Explain string `xor:"what" placeholder:"ID" help:"Explain a check: why, an example, the fix."`
	List    bool   `xor:"what" help:"List all checks."`
	Routes  bool   `xor:"what" help:"List the routes and what the code shows about each: what protects it, and where."`
	Level   string `default:"" enum:",default,all" placeholder:"LEVEL" help:"default (mistakes) or all (questions for a reviewer, too). Default: audit.level of .github/rekey.yml."`
	FailOn  string `default:"low" enum:"low,medium,high,critical,none" placeholder:"SEVERITY" help:"Exit with 1 from this severity on: low, medium, high, critical or none."`
	Ref     string `xor:"change" placeholder:"COMMIT" help:"Audit a commit instead of the files on disk, in a bare repository too: a ref, an ID or HEAD~2."`
	Diff    bool   `xor:"change" help:"Print the changes that are certain as a diff, and change nothing."`
	Fix     bool   `xor:"change" help:"Make the changes that are certain, then report what is left."`
	Format  string `default:"text" enum:"text,json,sarif,markdown" placeholder:"FORMAT" help:"text, json or sarif (2.1.0); for --routes text, json or markdown."`
	Output  string `short:"o" placeholder:"FILE" help:"Write the result to a file instead of standard output."`
	Quiet   bool   `short:"q" help:"Print only what was found: no totals or warnings."`
	Verbose bool   `short:"v" help:"List every file that could not be read, however many there are."`
	Strict  bool   `help:"Exit with 2 also if part of a file could not be read."`
	Color   string `default:"auto" enum:"auto,always,never" placeholder:"WHEN" help:"auto, always or never."`
}

// Help is shown by rekey audit --help.
func (auditCommand) Help() string {
	return `Looks for mistakes in how an app uses Clerk: protection that isn't awaited, webhooks that aren't verified, secrets under a name that
is shipped to browsers, versions with known holes. Only what the files prove is reported. Reads what git tracks and what it doesn't
ignore; needs no settings and no network, and runs no other program.

Examples:

  rekey audit                       this directory
  rekey audit --explain C3          why something is a mistake, with an example
  rekey audit --routes              which routes there are, and what protects them
  rekey audit --diff                the changes that are certain, as a diff
  rekey audit --fix                 make them
  rekey audit --ref main shop.git   a branch of a bare repository
  rekey audit --format sarif -o audit.sarif

--routes understands Next.js, Express, Hono, Fastify, Astro, Nuxt, React Router and TanStack Start. It never says that a route is open:
where the code doesn't show what protects it, that is unknown.

A comment such as // rekey:allow C3 this page is public, on the line or the one above, accepts a finding. The output counts them.

Exit status: 0 nothing found, 1 something found (--fail-on says how severe), 2 something could not be read.`
}

// Run audits and reports. Its exit status is told by [exitStatus].
func (c auditCommand) Run(ctx context.Context, s streams) error {
	switch {
	case c.Explain != "":
		return c.to(s, func(w io.Writer) error { return local.Explain(w, c.Explain, c.style(w)) })
	case c.List:
		return c.to(s, func(w io.Writer) error { return local.WriteList(w, c.style(w)) })
	case c.Routes:
		return c.routes(ctx, s)
	case c.Format == "markdown":
		return errors.New("--format markdown is for --routes")
	}
	result, failed := local.Run(ctx, c.options())
	if failed == nil && c.Fix {
		result, failed = c.fix(ctx, s, result)
	}
	if !c.Quiet {
		if err := local.WriteProblems(s.err, result.Problems, c.Verbose); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return errors.New("stopped before everything was read")
	}
	if failed != nil {
		return failed
	}
	if err := c.report(ctx, s, result); err != nil {
		return fmt.Errorf("writing the result: %w", err)
	}
	switch {
	case c.unread(result.Problems):
		return exitStatus(2)
	case c.FailOn != "none" && result.Fails(detect.Severity(c.FailOn)):
		return exitStatus(1)
	}
	return nil
}

// unread reports whether what could not be read fails the audit.
func (c auditCommand) unread(problems []local.Problem) bool {
	unread, part := local.Unread(problems)
	return unread > 0 || c.Strict && part > 0
}

// routes lists routes. It finds no mistakes, so that it fails only where something could not be read.
func (c auditCommand) routes(ctx context.Context, s streams) error {
	if c.Format == "sarif" || c.Fix || c.Diff {
		return errors.New("--routes lists routes as text, json or markdown, and changes nothing")
	}
	m, err := local.Routes(ctx, c.options())
	if ctx.Err() != nil {
		return errors.New("stopped before everything was read")
	}
	if err != nil {
		return err
	}
	if !c.Quiet {
		if err := local.WriteProblems(s.err, m.Problems, c.Verbose); err != nil {
			return err
		}
	}
	err = c.to(s, func(w io.Writer) error {
		switch c.Format {
		case "json":
			return local.WriteRoutesJSON(w, m)
		case "markdown":
			_, err := io.WriteString(w, routemap.Markdown(m.Map, routemap.Options{}))
			return err
		}
		return local.WriteRoutes(w, m, c.Verbose, c.style(w))
	})
	if err == nil && c.unread(m.Problems) {
		return exitStatus(2)
	}
	return err
}

func (c auditCommand) options() local.Options {
	levels := map[string]audit.Tier{"default": audit.Default, "all": audit.All} // "": as the policy has it
	return local.Options{Path: c.Path, Ref: c.Ref, Level: levels[c.Level], Getenv: os.Getenv, Now: time.Now}
}

// fix makes the changes that are certain, says which, and audits again.
func (c auditCommand) fix(ctx context.Context, s streams, before local.Result) (local.Result, error) {
	unfixed, err := local.Fix(before)
	if err != nil {
		return before, err
	}
	failed := map[string]bool{}
	for _, p := range unfixed {
		failed[p.Name] = true
	}
	for _, change := range before.Changes {
		switch {
		case failed[change.Name] || c.Quiet:
		case change.Name != change.ToName:
			fmt.Fprintf(s.err, "rekey: renamed %s to %s\n", terminal.Printable(change.Name), terminal.Printable(change.ToName))
		default:
			fmt.Fprintf(s.err, "rekey: changed %s\n", terminal.Printable(change.Name))
		}
	}
	result, err := local.Run(ctx, c.options())
	result.Problems = append(result.Problems, unfixed...)
	return result, err
}

// report writes the result where it is wanted, and what there is to say about it where a program reads it.
func (c auditCommand) report(ctx context.Context, s streams, result local.Result) error {
	if c.Diff {
		return c.diff(ctx, s, result)
	}
	if err := c.to(s, func(w io.Writer) error { return c.write(w, result) }); err != nil {
		return err
	}
	if !c.Quiet && (c.Format != "text" || c.Output != "") {
		said := result.Total()
		if c.Output != "" {
			said += "; written to " + terminal.Printable(c.Output)
		}
		fmt.Fprintf(s.err, "rekey: %s\n", said)
	}
	return nil
}

func (c auditCommand) diff(ctx context.Context, s streams, result local.Result) error {
	masked := false
	err := c.to(s, func(w io.Writer) (err error) {
		masked, err = local.WriteDiff(ctx, w, result.Changes, c.style(w))
		return err
	})
	if err != nil || c.Quiet {
		return err
	}
	if masked {
		fmt.Fprintln(s.err, "rekey: this diff can't be applied, since keys in it are masked; rekey audit --fix makes the change")
	}
	fmt.Fprintf(s.err, "rekey: %s; %s\n", result.Total(), format.Count(len(result.Changes), "file has", "files have")+" a change that is certain")
	return nil
}

// to has something written to standard output, or to the file that was named instead.
func (c auditCommand) to(s streams, write func(io.Writer) error) error {
	if c.Output == "" {
		return write(s.out)
	}
	f, err := os.Create(c.Output)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

func (c auditCommand) write(w io.Writer, r local.Result) error {
	switch c.Format {
	case "json":
		return local.WriteJSON(w, r)
	case "sarif":
		dir, err := os.Getwd()
		if err != nil {
			return err
		}
		return local.WriteSARIF(w, r, local.SARIFOptions{Version: versionName(), Dir: dir})
	}
	return local.WriteText(w, r, c.style(w))
}

func (c auditCommand) style(w io.Writer) local.Style {
	return local.Style{Style: styleOf(w, c.Color), Quiet: c.Quiet}
}
