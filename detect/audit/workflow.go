package audit

import (
	"path"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect/audit/data"
)

// workflow is a workflow of GitHub Actions.
type workflow struct {
	triggers    []string
	environment data.Node
	jobs        []job
}

// job is a job of a workflow.
type job struct {
	node        data.Node
	environment data.Node
	steps       []data.Node
}

// isWorkflow reports whether a file is a workflow of GitHub Actions.
func isWorkflow(name string) bool {
	return path.Dir(name) == ".github/workflows" && (extension(name) == ".yml" || extension(name) == ".yaml")
}

// readWorkflow reads a workflow. ok is false for a text that is none.
func readWorkflow(text []byte) (w workflow, ok bool) {
	documents := data.YAML(text)
	if len(documents) != 1 {
		return w, false
	}
	root := documents[0]
	w.triggers, w.environment = root.Get("on").Names(), root.Get("env")
	root.Get("jobs").Pairs(func(_ string, n data.Node) {
		w.jobs = append(w.jobs, job{node: n, environment: n.Get("env"), steps: n.Get("steps").Items()})
	})
	return w, len(w.jobs) > 0
}

// secretUse is where a workflow names a secret.
type secretUse struct {
	variable string // that is set to it, or empty
	secret   string
	node     data.Node
}

// secretsOf returns the secrets that an environment sets variables to.
func secretsOf(environment data.Node) []secretUse {
	var all []secretUse
	environment.Pairs(func(variable string, value data.Node) {
		for _, secret := range secretsIn(value.Text()) {
			all = append(all, secretUse{variable, secret, value})
		}
	})
	return all
}

// secretsIn returns the secrets that the expressions in a text name: ${{ secrets.NAME }}, or secrets['NAME'].
func secretsIn(text string) []string {
	var all []string
	for {
		_, after, ok := strings.Cut(text, "${{")
		code, rest, closed := strings.Cut(after, "}}")
		if !ok || !closed {
			return all
		}
		words := strings.FieldsFunc(code, func(r rune) bool {
			return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_-.", r))
		})
		for i, word := range words {
			if name, ok := strings.CutPrefix(word, "secrets."); ok {
				all = append(all, name)
			} else if word == "secrets" && i+1 < len(words) {
				all = append(all, words[i+1])
			}
		}
		text = rest
	}
}

// isClerkSecret reports whether a secret of that name is one of Clerk's. Names are alike whatever their case.
func isClerkSecret(name string) bool { return isSecretName(strings.ToUpper(name)) }

// isLive reports whether a secret's name says that it is for production.
func isLive(name string) bool {
	return slices.ContainsFunc(strings.Split(strings.ToUpper(name), "_"), func(w string) bool { return w == "LIVE" || w == "PROD" || w == "PRODUCTION" })
}

// shellCommands cuts a script into its commands, in the order of the text: where a line ends that doesn't go on, and at ; && ||. What
// stands in quotes isn't looked at. A command keeps what it is piped into, and where its output goes.
func shellCommands(script string) []string {
	var all []string
	from := 0
	var quote byte
	cut := func(to, next int) {
		if command := strings.TrimSpace(script[from:to]); command != "" {
			all = append(all, command)
		}
		from = next
	}
	for i := 0; i < len(script); i++ {
		switch c := script[i]; {
		case c == '\\' && quote != '\'':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case strings.HasPrefix(script[i:], "${{"):
			if end := strings.Index(script[i:], "}}"); end > 0 {
				i += end + 1
			}
		case c == '#' && (i == 0 || isBlank(script[i-1])):
			end := strings.IndexByte(script[i:], '\n')
			if end < 0 {
				end = len(script) - i
			}
			cut(i, i+end)
			i += end - 1
		case c == '\n' || c == ';':
			cut(i, i+1)
		case strings.HasPrefix(script[i:], "&&") || strings.HasPrefix(script[i:], "||"):
			cut(i, i+2)
			i++
		}
	}
	cut(len(script), len(script))
	return all
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' }

// outside returns a command without expressions and without what is in quotes, but for those that are kept.
func outside(command, kept string) string {
	var b strings.Builder
	var quote byte
	for i := 0; i < len(command); i++ {
		switch c := command[i]; {
		case c == '\\' && quote != '\'':
			i++
		case c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case strings.HasPrefix(command[i:], "${{") && strings.Contains(command[i:], "}}"):
			i += strings.Index(command[i:], "}}") + 1
		case quote == 0 || strings.IndexByte(kept, quote) >= 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}
