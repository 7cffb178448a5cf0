package guide

import (
	"slices"
	"strings"
)

var (
	dopplerProject  = newPattern(`(?m)^\s*-?\s*project:\s*["']?([A-Za-z0-9][A-Za-z0-9_-]{0,99})["']?\s*$`)
	encryptedFile   = newPattern(`(?i)(^|/)[^/]*(secrets?|\.enc|\.sops)[^/]*\.(ya?ml|json|env)$`)
	circleCIFile    = newPattern(`^\.circleci/config\.ya?ml$`)
	dopplerFileName = []string{"doppler.yaml", "doppler.yml"}
)

func doppler(t *tree, l Leak, v string) []target {
	files := t.named(dopplerFileName...)
	if len(files) == 0 {
		return nil
	}
	flags := " --config prd"
	if !live(l) {
		flags = " --config dev"
	}
	if project := first(dopplerProject, t.text(files[0])); project != "" {
		flags = " --project " + project + flags
	}
	return []target{{
		name: "Doppler", in: "in Doppler", where: t.show(wholes(files)), set: []string{"doppler secrets set " + v + "=$NEW_KEY" + flags},
		again: "Restart what runs under `doppler run`. Where Doppler syncs to has it already; some hosts need a new deployment.",
	}}
}

func infisical(t *tree, l Leak, v string) []target {
	files := t.named(".infisical.json")
	if len(files) == 0 {
		return nil
	}
	env := "prod"
	if !live(l) {
		env = "dev"
	}
	return []target{{
		name: "Infisical", in: "in Infisical", where: t.show(wholes(files)), set: []string{"infisical secrets set " + v + "=$NEW_KEY --env=" + env},
		again: "Restart what runs under `infisical run`.",
	}}
}

func sops(t *tree, _ Leak, v string) []target {
	if len(t.named(".sops.yaml")) == 0 {
		return nil
	}
	uses := t.uses(v, t.matching(encryptedFile)...)
	out := target{
		name: "SOPS", in: "with SOPS", where: t.show(append(uses, wholes(t.named(".sops.yaml"))...)),
		how: "Open the encrypted file with `sops edit`, change " + code(v) + ", and commit.", again: "Deploy what reads the encrypted file.",
	}
	if len(uses) > 0 {
		if p := safe(uses[0].path, ""); p != "" {
			out.how, out.set, out.note = "", []string{"sops edit " + p}, "Change "+code(v)+", and commit."
		}
	}
	return []target{out}
}

func circleCI(t *tree, _ Leak, v string) []target {
	files := t.matching(circleCIFile)
	if len(t.uses(v, files...)) == 0 {
		return nil
	}
	return t.put(v, files, target{name: "CircleCI", in: "in CircleCI", part: true, how: "In **Project Settings → Environment Variables** (or the job's context), change " + code(v) + ". It applies from the next run."})
}

// compose runs on a machine where somebody keeps the variables in a file.
func compose(t *tree, _ Leak, v string) []target {
	files := t.matching(composeFile)
	uses := t.uses(v, files...)
	beside := ""
	for p := range t.head {
		if envFile.MatchString(p) && !t.secret[p] && composeBeside(t, p) != "" {
			beside = composeBeside(t, p)
		}
	}
	if len(uses) == 0 && beside == "" {
		return nil
	}
	if len(uses) == 0 {
		uses = wholes([]string{beside})
	}
	out := target{
		name: "Compose", in: "on the server", where: t.show(uses),
		how:   "In the `.env` next to " + code(uses[0].path) + ", which is not in git, set " + code(v) + " to the new key.",
		takes: []string{"docker compose up --detach"}, runs: []string{"git pull && docker compose up --detach --build"},
	}
	if beside != "" { // git pull would take the committed file off the server, or refuse to change it
		out.how = "Create a file `clerk.env` next to " + code(beside) + " with the line " + code(v+"=") + " and the new key. Leave `.env` as it is."
	}
	return []target{out}
}

var (
	namesTest = newPattern(`(?i)(^|[^a-z])(test|dev|development|staging|stage|preview|ci|e2e)([^a-z]|$)`)
	namesLive = newPattern(`(?i)(^|[^a-z])(prod|production|live)([^a-z]|$)`)
)

// ofEnvironment leaves out secrets whose names say that they are for keys of the other environment, where others remain.
func ofEnvironment(l Leak, secrets []Secret) []Secret {
	other := namesTest
	if !live(l) {
		other = namesLive
	}
	own := slices.DeleteFunc(slices.Clone(secrets), func(s Secret) bool { return other.MatchString(s.Name + " " + s.Environment) })
	if len(own) == 0 {
		return secrets
	}
	return own
}

// workflowSecrets finds where GitHub Actions workflows use the variable, and the secrets that give it to them.
func workflowSecrets(t *tree, l Leak, v string) (uses []use, secrets []Secret) {
	add := func(s Secret) {
		if !slices.Contains(secrets, s) {
			secrets = append(secrets, s)
		}
	}
	for _, p := range t.matching(workflowFile) {
		found := t.uses(v, p)
		if len(found) == 0 {
			continue
		}
		uses = append(uses, found...)
		jobs := environments(t.text(p))
		for _, u := range found {
			matches := secretExpression.FindAllStringSubmatch(u.text, -1)
			for _, m := range matches {
				add(Secret{m[1] + m[2], jobs.at(u.line)})
			}
			if len(matches) == 0 && strings.Contains(u.text, "…") {
				add(Secret{v, jobs.at(u.line)})
			}
		}
	}
	if len(uses) == 0 {
		return nil, nil
	}
	if secrets = ofEnvironment(l, secrets); len(secrets) == 0 {
		add(Secret{Name: v})
	}
	return uses, secrets
}

// actions finds GitHub Actions workflows that use the variable, with the secrets and environments that give it to them.
func actions(t *tree, l Leak, v string) []target {
	uses, secrets := workflowSecrets(t, l, v)
	if len(uses) == 0 {
		return nil
	}
	repo := ""
	if repositoryName.MatchString(l.Repository) {
		repo = " --repo " + l.Repository
	}
	var commands []string
	for _, s := range secrets {
		c := "gh secret set " + s.Name + repo
		if s.Environment != "" {
			c += " --env '" + s.Environment + "'"
		}
		commands = append(commands, c)
	}
	note := asksForValue
	if len(commands) > 1 {
		note = "It asks for each value."
	}
	note += updates(l, secrets)
	return []target{{name: "GitHub Actions", in: "in GitHub Actions", part: true, where: t.show(uses), set: commands, note: note, again: "If a workflow deploys the app, run it again."}}
}
