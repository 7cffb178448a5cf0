package guide

import (
	"strings"
)

var (
	appEngineFile   = newPattern(`(^|/)app\.ya?ml$`)
	runtimeLine     = newPattern(`(?m)^runtime:`)
	cloudBuild      = newPattern(`(^|/)(cloudbuild[^/]*\.ya?ml|cloudbuild\.json|skaffold\.ya?ml)$`)
	serviceFile     = newPattern(`(^|/)service[^/]*\.ya?ml$`)
	runDeploy       = newPattern(`run,?["'\s]+deploy,?["'\s]+([a-z][a-z0-9-]{0,62})`)
	metadataName    = newPattern(`(?m)^metadata:\s*\n(?:\s+[^\n]*\n)*?\s+name:\s*["']?([a-z][a-z0-9-]{0,62})["']?\s*$`)
	secretRefName   = newPattern(`secretKeyRef:\s*\n(?:\s+key:[^\n]*\n)?\s+name:\s*["']?([A-Za-z0-9_-]{1,255})["']?\s*(?:\n|$)`)
	secretReference = newPattern(`\b([A-Za-z0-9_]+)=([A-Za-z0-9_-]{1,255}):`)
)

// addVersion gives Secret Manager another version of a secret. What PowerShell pipes into a command ends in a line
// break, which would become part of the key.
func addVersion(secret string, exists bool) (string, string) {
	command := "printf %s $NEW_KEY | gcloud secrets versions add " + secret + " --data-file=-"
	if !exists {
		command = "printf %s $NEW_KEY | gcloud secrets create " + secret + " --data-file=-"
	}
	return command, "In PowerShell, do this in the console instead: its pipe adds a line break."
}

func google(t *tree, _ Leak, v string) []target {
	var out []target
	for _, p := range t.matching(appEngineFile) {
		if !runtimeLine.MatchString(t.text(p)) {
			continue
		}
		g := target{
			name: "Google App Engine", takes: []string{"gcloud app deploy " + safe(p, "app.yaml")}, runs: []string{"gcloud app deploy " + safe(p, "app.yaml")},
			how: "In the file with `env_variables` that " + code(p) + " includes and git ignores, change " + code(v) + ".",
		}
		if t.holds(p) || !strings.Contains(t.text(p), "includes:") {
			g.how = "Create a file `secrets.yaml` next to " + code(p) + ", add it to `.gitignore`, and put the new key there:" + block("yaml", "env_variables:", "  "+v+": new key")
			if !t.holds(p) {
				g.how += "\nIn " + code(p) + ", add `includes: [secrets.yaml]`."
			}
		}
		out = append(out, t.put(v, []string{p}, g)...)
		break
	}
	out = append(out, t.cloudRun(v)...)
	if files := t.named("apphosting.yaml"); len(files) > 0 {
		out = append(out, t.put(v, files, target{
			name: "Firebase App Hosting", set: []string{"firebase apphosting:secrets:set " + v}, note: asksForValue,
			again: "On Firebase App Hosting: **Create rollout** for the live branch.", ships: mergeDeploys("App Hosting"),
		})...)
	} else if files := t.named("firebase.json"); len(files) > 0 {
		out = append(out, t.put(v, files, target{
			name: "Firebase", part: true, how: "If a function uses it:", set: []string{"firebase functions:secrets:set " + v},
			note:  asksForValue + " Each function that reads it needs `secrets: [\"" + v + "\"]` in its options.",
			takes: []string{"firebase deploy --only functions"}, runs: []string{"firebase deploy --only functions"},
		})...)
	}
	return out
}

// cloudRun reads the service's and the secret's names from what deploys it.
func (t *tree) cloudRun(v string) []target {
	files := t.matching(cloudBuild)
	var service, secret string
	for _, p := range t.matching(serviceFile) {
		if text := t.text(p); strings.Contains(text, "serving.knative.dev") {
			files = append(files, p)
			service = orElse(service, first(metadataName, text))
		}
	}
	for _, p := range files {
		service = orElse(service, first(runDeploy, t.text(p)))
		for _, m := range secretReference.FindAllStringSubmatch(t.text(p), -1) {
			if m[1] == v {
				secret = orElse(secret, m[2])
			}
		}
	}
	for _, u := range t.uses(v, files...) {
		secret = orElse(secret, first(secretRefName, strings.Join(t.around(u, 5), "\n")+"\n"))
	}
	exists := secret != ""
	if t.holds(files...) || !exists {
		secret, exists = "clerk-secret-key", false
	}
	command, note := addVersion(secret, exists)
	out := target{
		name: "Google Cloud Run", set: []string{command}, note: note,
		ships: "Deploy it to Cloud Run as usual.",
		again: "Deploy a new revision on Cloud Run: instances keep the version that was the latest when they started.",
	}
	if !exists && !t.holds(files...) { // nothing gives it to the service yet
		out.ships, out.again = "Deploy it to Cloud Run as usual, with `--update-secrets="+v+"="+secret+":latest`.", "Deploy a new revision on Cloud Run with `--update-secrets="+v+"="+secret+":latest`."
	}
	if service != "" {
		if !exists && !t.holds(files...) {
			out.set = append(out.set, "gcloud run services update "+service+" --update-secrets="+v+"="+secret+":latest")
			out.ships, out.auto = "Deploy it to Cloud Run as usual.", true
		}
		out.again, out.takes = "", []string{"gcloud run services update " + service + " --update-secrets=" + v + "=" + secret + ":latest"}
	}
	return t.put(v, files, out)
}
