package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"
)

type manCommand struct{}

// Help is shown by rekey man --help.
func (manCommand) Help() string {
	return `Packages of releases bring the page along. Otherwise:

  rekey man | man -l -                               read it
  rekey man >~/.local/share/man/man1/rekey.1         keep it`
}

// Run prints the page.
func (manCommand) Run(s streams, k *kong.Kong) error {
	_, err := io.WriteString(s.out, manPage(k.Model))
	return err
}

// manPage is the manual page in man(7)'s macros.
func manPage(app *kong.Application) string {
	var b strings.Builder
	first, rest, _ := strings.Cut(app.Help, "\n")
	fmt.Fprintf(&b, ".TH REKEY 1\n.SH NAME\nrekey \\- %s\n.SH SYNOPSIS\n.B rekey\n.I command\n[flags]\n.SH DESCRIPTION\n", roff(strings.TrimSuffix(first, ".")))
	prose(&b, rest)
	flags(&b, app.Flags)
	b.WriteString(".SH COMMANDS\n")
	for _, node := range app.Leaves(true) {
		if node.Name == "help" {
			continue
		}
		fmt.Fprintf(&b, ".SS rekey %s\n", roff(node.Summary()))
		prose(&b, node.Help+"\n\n"+node.Detail)
		flags(&b, node.Flags)
	}
	return b.String()
}

// prose writes paragraphs. Indented lines, such as examples, stay as they are.
func prose(b *strings.Builder, text string) {
	asIs := false
	for line := range strings.Lines(strings.TrimSpace(text) + "\n") {
		line = strings.TrimRight(line, "\n")
		switch indented := strings.HasPrefix(line, "  "); {
		case line == "":
			b.WriteString(".PP\n")
			continue
		case indented != asIs:
			b.WriteString(map[bool]string{true: ".nf\n", false: ".fi\n"}[indented])
			asIs = indented
		}
		b.WriteString(roff(line) + "\n")
	}
	if asIs {
		b.WriteString(".fi\n")
	}
}

func flags(b *strings.Builder, all []*kong.Flag) {
	for _, f := range all {
		if !f.Hidden && f.Name != "help" {
			fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(f.String()), roff(helpOf(f.Value)))
		}
	}
}

// roff escapes a line: backslashes and hyphens, and a dot or quote at its start, which would be a request.
func roff(line string) string {
	line = strings.NewReplacer(`\`, `\e`, "-", `\-`, "\n", " ").Replace(line)
	if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
		line = `\&` + line
	}
	return line
}
