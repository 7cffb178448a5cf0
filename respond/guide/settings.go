package guide

import (
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/respond/markdown"
)

// pathSafe is a path that may be part of a command as it is. It may begin with a dot, never with a dash.
var pathSafe = newPattern(`^[A-Za-z0-9_.@][A-Za-z0-9_.@-]*(/[A-Za-z0-9_.@-]+){0,20}$`)

var (
	envFile     = newPattern(`(^|/)(\.env[^/]*|[^/]+\.env|\.dev\.vars[^/]*|\.envrc|\.flaskenv|local\.settings\.json|terraform\.tfvars\.local)$`)
	envTemplate = newPattern(`(?i)(^|/)[^/]*env[^/]*\.(example|sample|template|tmpl|dist|default|defaults)[^/]*$|(^|/)(example|sample|template)[^/]*\.env$`)
	assignment  = newPattern(`^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.]*)\s*=\s*\S`)

	composeFile = newPattern(`(^|/)(docker-)?compose[^/]*\.ya?ml$`)
	dockerFile  = newPattern(`(^|/)([^/]+\.)?([Dd]ockerfile|Containerfile)(\.[^/]+)?$`)
	springFile  = newPattern(`(^|/)(application|bootstrap)[^/]*\.(properties|ya?ml)$`)
	valuesFile  = newPattern(`(^|/)[^/]*values[^/]*\.ya?ml$`)
	tfVariables = newPattern(`\.tfvars$`)
	tfFile      = newPattern(`\.(tf|tofu)$`)
)

// settingsFile is a file that a host or a tool reads, with how to take a credential out of it.
type settingsFile struct {
	path *pattern
	has  string // what the text holds, "" for any
	text string // Markdown, with HERE for the place and KEYNAME for the variable
	lang string
	code string // with KEYNAME for the variable
	note string // Markdown, with KEYNAME for the variable
}

const deleteLine = "In HERE, delete the line."

// settingsFiles are tried in order.
var settingsFiles = []settingsFile{
	{path: newPattern(`^\.github/(workflows/[^/]+|actions/.+)\.ya?ml$`), text: "In HERE, write:", lang: "yaml", code: "KEYNAME: ${{ secrets.KEYNAME }}"},
	{path: newPattern(`^\.circleci/|(^|/)\.gitlab-ci[^/]*\.yml$|^\.travis\.yml$|^buildkite|^\.buildkite/|(^|/)bitbucket-pipelines\.yml$`), text: deleteLine + " The job takes the variable from the project's settings."},
	{path: newPattern(`(^|/)azure-pipelines[^/]*\.ya?ml$`), text: "In HERE, write:", lang: "yaml", code: "KEYNAME: $(KEYNAME)"},
	{path: composeFile, text: "In HERE, write:", lang: "yaml", code: "KEYNAME: ${KEYNAME:?}"},
	{path: dockerFile, text: "In HERE, delete the line: whoever can pull the image can read it. A build that needs the key takes it as a build secret (`RUN --mount=type=secret,id=KEYNAME,env=KEYNAME`)."},
	{path: springFile, text: "In HERE, write the variable in place of the key:", lang: "properties", code: "${KEYNAME}"},
	{path: appsettings, text: "In HERE, delete the line. .NET reads the environment variable `KEYNAME` in its place."},
	{path: newPattern(`(^|/)wrangler[^/]*\.(toml|jsonc?)$`), text: deleteLine},
	{path: newPattern(`(^|/)fly[^/]*\.toml$`), text: deleteLine},
	{path: newPattern(`(^|/)(netlify|railway|nixpacks)\.toml$`), text: deleteLine},
	{path: newPattern(`(^|/)(vercel|now|railway|heroku)\.json$|(^|/)heroku\.yml$|(^|/)Procfile[^/]*$`), text: deleteLine},
	{path: newPattern(`(^|/)eas\.json$`), text: deleteLine},
	{path: newPattern(`(^|/)app\.(config\.)?(json|js|ts)$`), has: "expo", text: "HERE is built into the app, where anyone can read it. Delete the line, and move what needs the key to a server, which reads `KEYNAME`. Installed versions lose access when you delete the key in Clerk."},
	{path: newPattern(`(^|/)app\.json$`), text: "In HERE, leave the value out:", lang: "json", code: `"KEYNAME": { "required": true }`},
	{path: newPattern(`(^|/)render\.ya?ml$`), text: "In HERE, write this in place of `value:`, so that the next sync keeps what the dashboard has:", lang: "yaml", code: "sync: false"},
	{path: newPattern(`(^|/)apphosting[^/]*\.ya?ml$`), text: "In HERE, write this in place of `value:`:", lang: "yaml", code: "secret: KEYNAME"},
	{path: newPattern(`(^|/)app[^/]*\.ya?ml$`), has: "runtime:", text: "In HERE, delete the line, and include a file that is not in git:", lang: "yaml", code: "includes:\n  - secrets.yaml"},
	{path: newPattern(`(^|/)cloudbuild[^/]*\.(ya?ml|json)$`), text: "In HERE, remove the variable from `--set-env-vars`, and write:", lang: "yaml", code: "--remove-env-vars=KEYNAME\n--update-secrets=KEYNAME=clerk-secret-key:latest", note: "After the first deployment, `--remove-env-vars` can go."},
	{path: newPattern(`\.ya?ml$`), has: "serving.knative.dev", text: "In HERE, write this in place of `value:`:", lang: "yaml", code: "valueFrom:\n  secretKeyRef:\n    name: clerk-secret-key\n    key: latest"},
	{path: newPattern(`(^|/)supabase/config\.toml$`), text: "In HERE, write this in place of the key:", lang: "toml", code: `"env(KEYNAME)"`},
	{path: newPattern(`(^|/)serverless[^/]*\.ya?ml$`), text: "In HERE, write:", lang: "yaml", code: "KEYNAME: ${ssm:/clerk/secret-key}"},
	{path: newPattern(`(^|/)(template|sam)[^/]*\.(ya?ml|json)$`), has: "AWS::", text: "In HERE, write:", lang: "yaml", code: "KEYNAME: '{{resolve:secretsmanager:clerk-secret-key}}'"},
	{path: newPattern(`(^|/)[^/]*task[-_]?def[^/]*\.json$`), text: "In HERE, delete the entry under `environment`, and add this under `secrets`:", lang: "json", code: `{ "name": "KEYNAME", "valueFrom": "/clerk/secret-key" }`, note: "The task's execution role needs `ssm:GetParameters` for it."},
	{path: newPattern(`(^|/)copilot/[^/]+/manifest\.ya?ml$`), text: "In HERE, delete the line under `variables`, and add this under `secrets`:", lang: "yaml", code: "KEYNAME: /copilot/${COPILOT_APPLICATION_NAME}/${COPILOT_ENVIRONMENT_NAME}/secrets/KEYNAME"},
	{path: newPattern(`(^|/)apprunner\.yaml$`), text: "In HERE, delete the entry under `env`, and add this under `secrets`:", lang: "yaml", code: "- name: KEYNAME\n  value-from: /clerk/secret-key"},
	{path: newPattern(`(^|/)\.ebextensions/|(^|/)amplify\.yml$`), text: deleteLine},
	{path: newPattern(`\.bicep(param)?$`), text: "In HERE, write the parameter in place of the key, and declare it once:", lang: "bicep", code: "@secure()\nparam clerkSecretKey string"},
	{path: tfVariables, text: deleteLine + " From now on the value comes from `-var`, or from the workspace's variables."},
	{path: tfFile, text: "In HERE, write `var.clerk_secret_key` in place of the key, and declare it once:", lang: "hcl", code: "variable \"clerk_secret_key\" {\n  type      = string\n  sensitive = true\n}"},
	{path: newPattern(`(^|/)cdk\.json$`), text: "In HERE, delete the line. In the stack that reads it, write:", lang: "ts", code: `SecretValue.secretsManager("clerk-secret-key").unsafeUnwrap()`, note: "Import `SecretValue` from `aws-cdk-lib`."},
	{path: newPattern(`(^|/)\.vscode/|(^|/)[^/]*\.code-workspace$`), text: "In HERE, write this in place of the key:", lang: "json", code: `"${env:KEYNAME}"`},
	{path: newPattern(`(^|/)package\.json$`), text: "In HERE, remove `KEYNAME=…` from the script: it comes from the environment."},
	{path: newPattern(`\.service$`), text: "In HERE, write this in place of the line:", lang: "ini", code: "EnvironmentFile=/etc/clerk.env", note: "That file is on the server only, with the line `KEYNAME=…`."},
}

// inSettingsFile says how to take the credential out of a file that a host or a tool reads, and false for other files.
func inSettingsFile(t *tree, at Location, variable string) (change, bool) {
	switch {
	case envTemplate.MatchString(at.Path):
		return change{kind: inText, text: "In HERE, leave the value empty.", runs: true}, true
	case envFile.MatchString(at.Path):
		return inEnvFile(t, at, variable), true
	}
	if c, ok := inKubernetes(t, at, variable); ok {
		return c, true
	}
	for _, f := range settingsFiles {
		if !f.path.MatchString(at.Path) || f.has != "" && !strings.Contains(t.text(at.Path), f.has) {
			continue
		}
		c := change{kind: inSettings, text: f.text, language: f.lang, code: f.code, note: f.note, runs: true}
		if strings.Contains(f.text, "built into the app") {
			c.kind = inClient
		}
		switch {
		case f.path == springFile:
			c.code = springLine(t, at, variable)
			c.text = "In HERE, write:"
			if strings.HasSuffix(at.Path, "l") {
				c.language = "yaml"
			}
		case f.path == composeFile && listItem.MatchString(t.line(at)):
			c.code = "- KEYNAME=${KEYNAME:?}"
		}
		return c.named(variable), true
	}
	return change{}, false
}

var listItem = newPattern(`^\s*-\s`)

// named fills in the variable.
func (c change) named(variable string) change {
	for _, s := range []*string{&c.text, &c.code, &c.note} {
		*s = strings.ReplaceAll(*s, "KEYNAME", variable)
	}
	return c
}

var springKey = newPattern(`^\s*["']?([A-Za-z][A-Za-z0-9_.-]{0,80})["']?\s*[=:]`)

// springLine keeps the setting's own name.
func springLine(t *tree, at Location, variable string) string {
	key, sep := first(springKey, t.line(at)), "="
	if strings.HasSuffix(at.Path, "l") {
		sep = ": "
	}
	if key == "" {
		return "${" + variable + "}"
	}
	return key + sep + "${" + variable + "}"
}

// inEnvFile takes the file out of git where it holds nothing else, and the line alone where others need the rest.
func inEnvFile(t *tree, at Location, variable string) change {
	own := first(assignment, t.line(at))
	others := 0
	for _, line := range t.lines(at.Path) {
		if name := first(assignment, line); name != "" && name != own && !strings.HasPrefix(strings.TrimSpace(line), "#") {
			others++
		}
	}
	known := len(t.lines(at.Path)) > 0 && path.Ext(at.Path) != ".json"
	var c change
	switch {
	case others > 0 || !known:
		c = change{kind: inSettings, runs: true, text: "In HERE, delete the line. The file's other settings stay until they are set elsewhere too."}
		if !known {
			c.text = "In HERE, delete the line."
		}
	default:
		c = untrack(at.Path, false)
		if c.code != "" {
			c.text = "HERE holds nothing else. Remove it from git; it stays on your disk:"
		}
	}
	if f := composeBeside(t, at.Path); f != "" {
		c.note = "Compose takes it from " + code("clerk.env") + " now: in " + markdown.Code(f) + ", replace the service's " + code(variable) + " with `env_file: clerk.env`, and add that file to `.gitignore`."
	}
	return c
}

// composeBeside returns the Compose file that reads the committed .env file, "" where there is none.
func composeBeside(t *tree, env string) string {
	for _, f := range t.matching(composeFile) {
		if path.Base(env) == ".env" && path.Dir(f) == path.Dir(env) {
			return f
		}
	}
	return ""
}

// keyPath returns the names that lead to the value on the location's line, in JSON and YAML: ["Clerk", "SecretKey"].
func (t *tree) keyPath(at Location) []string {
	var doc yaml.Node
	if yaml.Unmarshal([]byte(t.text(at.Path)), &doc) != nil || len(doc.Content) == 0 {
		return nil
	}
	var find func(n *yaml.Node, path []string, depth int) []string
	find = func(n *yaml.Node, path []string, depth int) []string {
		if depth > 30 {
			return nil
		}
		if n.Kind == yaml.ScalarNode {
			if n.Line == at.Line && strings.Contains(n.Value, "…") {
				return path
			}
			return nil
		}
		for i, c := range n.Content {
			next := path
			if n.Kind == yaml.MappingNode {
				if i%2 == 0 {
					continue
				}
				next = slices.Concat(path, []string{n.Content[i-1].Value})
			}
			if found := find(c, next, depth+1); found != nil {
				return found
			}
		}
		return nil
	}
	return find(doc.Content[0], nil, 0)
}
