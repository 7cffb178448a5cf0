package guide

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/respond/markdown"
)

const (
	workflowFile     = `^\.github/(workflows/[^/]+|actions/.+/action)\.ya?ml$`
	secretExpression = `\bsecrets\.([A-Za-z_][A-Za-z0-9_]{0,99})|\bsecrets\[\s*'([A-Za-z_][A-Za-z0-9_]{0,99})'\s*\]`
	environmentLabel = `^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$`
	repositoryName   = `^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$`
)

// actions finds GitHub Actions workflows that use the variable, with the secrets and environments that give it to them.
func actions(t *tree, l Leak, v string) []place {
	var uses []use
	var commands []string
	repo := ""
	if regexp.MustCompile(repositoryName).MatchString(l.Repository) {
		repo = " --repo " + l.Repository
	}
	plain := false
	for _, p := range t.matching(regexp.MustCompile(workflowFile)) {
		found := t.uses(v, p)
		if len(found) == 0 {
			continue
		}
		uses = append(uses, found...)
		jobs := environments(t.text(p))
		for _, u := range found {
			matches := regexp.MustCompile(secretExpression).FindAllStringSubmatch(u.text, -1)
			plain = plain || len(matches) == 0 && strings.Contains(u.text, "sk_")
			for _, m := range matches {
				c := "gh secret set " + m[1] + m[2] + repo
				if env := jobs.at(u.line); env != "" {
					c += " --env '" + env + "'"
				}
				if !slices.Contains(commands, c) {
					commands = append(commands, c)
				}
			}
		}
	}
	if len(uses) == 0 {
		return nil
	}
	if len(commands) == 0 {
		commands = []string{"gh secret set " + v + repo}
	}
	how := shell(commands...) + "\nIt asks for the value."
	if len(commands) > 1 {
		how += " Set only those that held the leaked one: the others have keys of other environments."
	}
	how += " A secret of the organisation is set with `--org` instead, once for all repositories."
	if plain {
		how += " The workflow holds the key itself: write " + markdown.Code("${{ secrets."+v+" }}") + " in its place."
	}
	return []place{{name: "GitHub Actions", where: t.show(uses), how: how, deploy: "counts from the next run; run again what deploys."}}
}

// jobs are a workflow's jobs with their deployment environments, by the lines on which they begin.
type jobs []struct {
	line        int
	environment string
}

func environments(workflow string) jobs {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(workflow), &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	all := child(doc.Content[0], "jobs")
	if all == nil || all.Kind != yaml.MappingNode {
		return nil
	}
	var out jobs
	for i := 0; i+1 < len(all.Content); i += 2 {
		env := child(all.Content[i+1], "environment")
		name := scalar(env)
		if name == "" {
			name = scalar(child(env, "name"))
		}
		if !regexp.MustCompile(environmentLabel).MatchString(name) {
			name = ""
		}
		out = append(out, struct {
			line        int
			environment string
		}{all.Content[i].Line, name})
	}
	return out
}

// at returns the environment of the job that the line is in.
func (j jobs) at(line int) string {
	name := ""
	for _, job := range j {
		if job.line <= line {
			name = job.environment
		}
	}
	return name
}

func circleCI(t *tree, _ Leak, v string) []place {
	uses := t.uses(v, t.matching(regexp.MustCompile(`^\.circleci/config\.ya?ml$`))...)
	if len(uses) == 0 {
		return nil
	}
	return []place{{name: "CircleCI", where: t.show(uses), how: "Project Settings → **Environment Variables**, or the context that the job names → `" + v + "`.", deploy: "counts from the next run."}}
}
