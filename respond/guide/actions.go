package guide

import (
	"go.yaml.in/yaml/v3"
)

var (
	workflowFile     = newPattern(`^\.github/(workflows/[^/]+|actions/.+/action)\.ya?ml$`)
	secretExpression = newPattern(`\bsecrets\.([A-Za-z_][A-Za-z0-9_]{0,99})|\bsecrets\[\s*'([A-Za-z_][A-Za-z0-9_]{0,99})'\s*\]`)
	environmentLabel = newPattern(`^[A-Za-z0-9][A-Za-z0-9 ._/-]{0,99}$`)
	repositoryName   = newPattern(`^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$`)
)

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
		if !environmentLabel.MatchString(name) {
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
