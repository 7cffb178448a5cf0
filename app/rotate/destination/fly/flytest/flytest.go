// Package flytest stands in for the program flyctl, with apps of its own.
package flytest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
)

// Token is the login that the stand-in takes, and SignedIn the file below the home directory that keeps one.
const (
	Token    = "fo1_ada"
	SignedIn = ".fly/config.yml"
)

// Memory is what Fly has.
type Memory struct {
	Apps     map[string]map[string]string // secrets by app
	Staged   []string                     // names of secrets that no machine has yet
	Deployed []string                     // apps whose machines were restarted, in turn
	Trouble  destinationtest.Trouble
}

// Program is flyctl.
func Program(p *destinationtest.Process) int {
	return destinationtest.Serve(p, "Error: ", 1, run)
}

func run(p *destinationtest.Process, m *Memory) error {
	if !signedIn() || m.Trouble == destinationtest.Expired {
		return destinationtest.Complaint("No access token available. Please login with 'flyctl auth login'")
	}
	if m.Trouble == destinationtest.Down {
		return destinationtest.Complaint(`failed retrieving app: Post "https://api.fly.io/graphql": dial tcp: lookup api.fly.io: no such host`)
	}
	command := strings.Join(p.Args[:min(2, len(p.Args))], " ")
	if command == "auth whoami" {
		fmt.Fprintln(p.Out, `{"email":"ada@example.com"}`)
		return nil
	}
	app := p.Flag("--app")
	secrets, ok := m.Apps[app]
	switch {
	case !ok:
		return destinationtest.Complaint("Could not find App")
	case command == "secrets list" && slices.Contains(p.Args, "--json"):
		return list(p.Out, secrets, m.Staged)
	case command == "secrets import":
		return load(p, m, app)
	}
	return fmt.Errorf("unknown command %q for \"flyctl\"", command)
}

func signedIn() bool {
	if os.Getenv("FLY_API_TOKEN") == Token || os.Getenv("FLY_ACCESS_TOKEN") == Token {
		return true
	}
	_, err := os.Stat(filepath.Join(os.Getenv("HOME"), SignedIn))
	return err == nil
}

func list(w io.Writer, secrets map[string]string, staged []string) error {
	type entry struct {
		Name   string `json:"name"`
		Digest string `json:"digest"`
		Status string `json:"status"`
	}
	var out []entry
	for name := range secrets {
		status := "Deployed"
		if slices.Contains(staged, name) {
			status = "Staged"
		}
		out = append(out, entry{Name: name, Digest: "b9e0f3c1a2d45566", Status: status})
	}
	slices.SortFunc(out, func(a, b entry) int { return strings.Compare(a.Name, b.Name) })
	return json.NewEncoder(w).Encode(out) //nolint:wrapcheck // a program's end
}

// load stores what is imported, and restarts the app's machines.
func load(p *destinationtest.Process, m *Memory, app string) error {
	trouble := m.Trouble
	switch trouble {
	case destinationtest.Forbidden:
		return destinationtest.Complaint("Not authorized to set secrets")
	case destinationtest.Limited:
		m.Trouble = destinationtest.None
		return destinationtest.Complaint("update secrets: too many requests")
	}
	values, err := Parse(p.Input)
	switch {
	case err != nil:
		return err
	case len(values) == 0:
		return destinationtest.Complaint("requires at least one SECRET=VALUE pair")
	}
	maps.Copy(m.Apps[app], values)
	m.Deployed, m.Staged = append(m.Deployed, app), nil
	if trouble == destinationtest.Lost {
		m.Trouble = destinationtest.None
		return destinationtest.Complaint("failed to wait for machines: unexpected EOF")
	}
	return nil
}

// Parse reads what secrets import reads, by its rules.
func Parse(input []byte) (map[string]string, error) {
	values := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(input))
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" || strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		name, value, ok := strings.Cut(lines.Text(), "=")
		if !ok {
			return nil, destinationtest.Complaint("Secrets must be provided as NAME=VALUE pairs")
		}
		value = strings.TrimLeft(value, " ")
		if code, _, comment := strings.Cut(value, "#"); comment && strings.Count(code, `"`)%2 == 0 {
			value = strings.TrimRight(code, " ")
		}
		values[strings.TrimSpace(name)] = unquote(value, lines)
	}
	return values, lines.Err() //nolint:wrapcheck // a program's end
}

func unquote(value string, more *bufio.Scanner) string {
	const triple = `"""`
	opened, multi := strings.CutPrefix(value, triple)
	switch {
	case multi && len(value) >= 2*len(triple) && strings.HasSuffix(value, triple):
		return strings.TrimSuffix(opened, triple)
	case multi:
		all := opened + "\n"
		for more.Scan() {
			if last, ends := strings.CutSuffix(more.Text(), triple); ends {
				return all + last
			}
			all += more.Text() + "\n"
		}
		return all
	}
	for _, quote := range []string{`"`, `'`} {
		if len(value) >= 2 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return value[1 : len(value)-1]
		}
	}
	return value
}
