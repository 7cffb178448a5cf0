package guide

import (
	"path"
	"strings"
)

var (
	tfVariable  = newPattern(`^\s*variable\s+"([A-Za-z0-9_]+)"`)
	tfValue     = newPattern(`^\s*([A-Za-z0-9_]+)\s*=`)
	tfAutomatic = newPattern(`(^|/)(terraform|[^/]+\.auto)\.tfvars$`)
)

// terraform sets the variable on the command line, which wins over all files. The environment loses against them.
func terraform(t *tree, _ Leak, v string) []target {
	files := append(t.matching(tfFile), t.matching(tfVariables)...)
	uses := t.uses(v, files...)
	held := ""
	for _, p := range files {
		if t.holds(p) {
			held = p
		}
	}
	if len(uses) == 0 && held == "" {
		return nil
	}
	name, dir := strings.ToLower(v), ""
	for _, u := range uses {
		if m := tfVariable.FindStringSubmatch(u.text); m != nil {
			name = m[1]
		}
	}
	for _, p := range append(t.pathsOf(uses), held) {
		if dir == "" && p != "" && path.Dir(p) != "." {
			dir = safe(path.Dir(p), "")
		}
	}
	flags := ""
	if tfVariables.MatchString(held) {
		for _, line := range t.lines(held) {
			if strings.Contains(line, "…") {
				name = orElse(first(tfValue, line), name)
			}
		}
		if !tfAutomatic.MatchString(held) {
			flags = " -var-file=" + safe(path.Base(held), "prod.tfvars")
		}
	} else if held != "" {
		name = "clerk_secret_key"
	}
	chdir := ""
	if dir != "" {
		chdir = "-chdir=" + dir + " "
	}
	out := target{
		name: "Terraform", in: "with Terraform", where: t.show(uses), set: []string{"terraform " + chdir + "apply" + flags + " -var " + name + "=$NEW_KEY"}, late: held != "",
		note: "Change it in the workspace's variables (or the file that is not in git) too: the next apply would bring the old one back.",
	}
	if held != "" {
		out.how = "Commit that, and apply it with the new key:"
		out.note = "From now on, set it in the workspace's variables, or pass it as " + code("TF_VAR_"+name) + "."
	}
	return []target{out}
}

func (t *tree) pathsOf(uses []use) []string {
	var out []string
	for _, u := range uses {
		out = appendOnce(out, u.path)
	}
	return out
}
