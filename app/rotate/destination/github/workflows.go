package github

import (
	"context"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/respond/guide"
)

// workflows are what a repository's workflows say of secrets.
type workflows struct {
	secrets      []string // names that the credential may have, in upper case
	environments []string
	files        []workflow
	shows        map[string]bool // kinds of secrets, beside those of Actions, that the repository shows that it uses
}

// workflow is one file.
type workflow struct {
	base    string
	text    string // in upper case
	ships   bool   // it deploys, by its name or as a job of it has an environment
	started bool   // a person can start it
	pulls   bool   // it runs for pull requests: with Dependabot's secrets for Dependabot's
}

var workflowFile = regexp.MustCompile(`^\.github/workflows/[^/]+\.ya?ml$`)

// readWorkflows reads them. The names of secrets are those of the variables, and those that workflows give to the variables.
func readWorkflows(ctx context.Context, p destination.Project) workflows {
	var w workflows
	add := func(list *[]string, name string) {
		if name != "" && !slices.Contains(*list, name) {
			*list = append(*list, name)
		}
	}
	for _, variable := range p.Variables {
		add(&w.secrets, strings.ToUpper(variable))
	}
	for _, variable := range p.Variables {
		for _, s := range guide.SecretsOf(ctx, variable, p.Environment, p.Files) {
			add(&w.secrets, strings.ToUpper(s.Name))
			add(&w.environments, s.Environment)
		}
	}
	paths := slices.DeleteFunc(slices.Clone(p.Files.List()), func(p string) bool { return !workflowFile.MatchString(p) })
	slices.Sort(paths)
	for _, at := range paths {
		if text, ok := p.Files.Read(at); ok && ctx.Err() == nil {
			w.files = append(w.files, parseWorkflow(path.Base(at), string(text)))
		}
	}
	w.shows = map[string]bool{
		"dependabot": w.dependabot(p),
		"codespaces": slices.ContainsFunc(p.Files.List(), func(f string) bool { return f == ".devcontainer.json" || strings.HasPrefix(f, ".devcontainer/") }),
	}
	return w
}

// dependabot reports whether the repository shows that it uses Dependabot's secrets: for registries, or in a workflow that its pull requests run.
func (w workflows) dependabot(p destination.Project) bool {
	for _, file := range []string{".github/dependabot.yml", ".github/dependabot.yaml"} {
		text, ok := p.Files.Read(file)
		if !ok {
			continue
		}
		var doc struct {
			Registries map[string]any `yaml:"registries"`
		}
		return yaml.Unmarshal(text, &doc) == nil && len(doc.Registries) > 0 || slices.ContainsFunc(w.files, func(f workflow) bool {
			return f.pulls && slices.ContainsFunc(w.secrets, f.uses)
		})
	}
	return false
}

// gives reports whether a secret of that name may be the credential.
func (w workflows) gives(secret string) bool {
	return slices.Contains(w.secrets, strings.ToUpper(secret))
}

var shipping = regexp.MustCompile(`(?i)deploy|release|publish`)

func parseWorkflow(base, text string) workflow {
	w := workflow{base: base, text: strings.ToUpper(text), ships: shipping.MatchString(base)}
	var doc struct {
		Name string    `yaml:"name"`
		On   yaml.Node `yaml:"on"`
		Jobs map[string]struct {
			Environment yaml.Node `yaml:"environment"`
		} `yaml:"jobs"`
	}
	if yaml.Unmarshal([]byte(text), &doc) != nil {
		return w
	}
	w.ships = w.ships || shipping.MatchString(doc.Name)
	for _, job := range doc.Jobs {
		w.ships = w.ships || !job.Environment.IsZero()
	}
	for _, n := range append(doc.On.Content, &doc.On) {
		w.started = w.started || n.Value == "workflow_dispatch"
		w.pulls = w.pulls || n.Value == "pull_request" || n.Value == "pull_request_target"
	}
	return w
}

// namedSecret is where an expression names a secret, in upper case.
var namedSecret = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\bSECRETS(?:\.|\[\s*['"])([A-Z_][A-Z0-9_]*)`) })

// uses reports whether it names a secret.
func (w workflow) uses(secret string) bool {
	for _, m := range namedSecret().FindAllStringSubmatch(w.text, -1) {
		if m[1] == strings.ToUpper(secret) {
			return true
		}
	}
	return false
}

// deploys returns the workflows that deploy with a secret, and how a person has them deploy again; none where no workflow does.
func (w workflows) deploys(secret, repo string) (files []string, how string) {
	var ways []string
	for _, f := range w.files {
		switch {
		case !f.ships || !f.uses(secret):
			continue
		case f.started:
			ways = append(ways, fmt.Sprintf("Run %s, which deploys with it: gh workflow run %[3]s --repo %[2]s. That takes the newest commit of the default branch.", f.base, repo, destination.Word(f.base)))
		default:
			ways = append(ways, fmt.Sprintf("Run %s, which deploys with it, again: gh run list --workflow %[3]s --repo %[2]s shows its runs, gh run rerun repeats one.", f.base, repo, destination.Word(f.base)))
		}
		files = append(files, f.base)
	}
	return files, strings.Join(ways, " ")
}
