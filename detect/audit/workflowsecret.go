package audit

import (
	"bytes"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/data"
)

// workflowSecret finds workflows that give a secret of Clerk's to what isn't to have it.
func workflowSecret() Check {
	return Check{
		ID: "C22", Title: "A workflow gives a secret away", Severity: detect.HighSeverity, Tier: All, Frameworks: []string{"GitHub Actions"},
		Fix:  "Give jobs that run a pull request's code, or tests, the keys of a development instance, and give images none at all.",
		Link: "https://clerk.com/docs/guides/development/testing/overview",
		Why: "Four things are reported, where a secret named for Clerk is meant:\n\n" +
			"- A job on `pull_request_target` checks out the pull request's code and runs it with the secret: whoever opens a pull request can send the secret away. A job " +
			"with a condition, or with an environment that may ask for an approval, isn't reported.\n" +
			"- Tests run with the key of the production instance. Clerk has testing tokens for development instances.\n" +
			"- The secret is passed to an image's build as an argument, which the image's history keeps if the last stage has it, and its provenance in the mode max.\n" +
			"- A step prints the secret. GitHub masks it only where it is written exactly so.",
		Before: []Example{{".github/workflows/test.yml", `on: pull_request
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - run: npm ci && npm test
        env:
          CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY_LIVE }}
`}},
		After: []Example{{".github/workflows/test.yml", `on: pull_request
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - run: npm ci && npm test
        env:
          CLERK_SECRET_KEY: ${{ secrets.CLERK_SECRET_KEY_DEV }}
`}},
		wants: isWorkflow,
		find:  findWorkflowSecrets,
	}
}

func findWorkflowSecrets(p *project) []Finding {
	var found []Finding
	p.each(isWorkflow, func(name string, text []byte) {
		if !bytes.Contains(bytes.ToUpper(text), []byte("CLERK")) {
			return
		}
		w, ok := readWorkflow(text)
		if !ok {
			return
		}
		for _, j := range w.jobs {
			for _, f := range slices.Concat(w.untrusted(j), w.tested(j), w.built(j), w.printed(j)) {
				start, end := f.at.Place(text, f.text)
				found = append(found, Finding{Path: name, Range: rangeOf(text, start, end), Severity: f.severity, Seen: f.seen, Fix: f.fix})
			}
		}
	})
	return found
}

// inWorkflow is what is found in a workflow: the text in a node of it.
type inWorkflow struct {
	at        data.Node
	text      string
	severity  detect.Severity
	seen, fix string
}

// env returns the secrets of Clerk's that a step has in its environment.
func (w workflow) env(j job, step data.Node) []secretUse {
	all := slices.Concat(secretsOf(w.environment), secretsOf(j.environment), secretsOf(step.Get("env")))
	return slices.DeleteFunc(all, func(u secretUse) bool { return !isClerkSecret(u.secret) })
}

// untrusted finds a job that runs the code of a pull request with a secret, in the repository's own name.
func (w workflow) untrusted(j job) []inWorkflow {
	if !slices.Contains(w.triggers, "pull_request_target") || j.node.Get("if").Exists() || j.node.Get("environment").Exists() {
		return nil
	}
	checkedOut := false
	for _, step := range j.steps {
		switch {
		case step.Get("if").Exists():
		case isCheckoutOfHead(step):
			checkedOut = true
		case checkedOut && runsCode(step.Get("run").Text()):
			for _, u := range w.env(j, step) {
				return []inWorkflow{{
					at: u.node, text: "secrets." + u.secret, severity: detect.CriticalSeverity, seen: "a pull request's code is run with " + u.secret + ", on pull_request_target",
					fix: "Run the code of pull requests on pull_request, where it gets no secrets, or with the keys of a development instance.",
				}}
			}
		}
	}
	return nil
}

// isCheckoutOfHead reports whether a step checks out what a pull request brings.
func isCheckoutOfHead(step data.Node) bool {
	if !strings.HasPrefix(step.Get("uses").Text(), "actions/checkout@") {
		return false
	}
	ref := step.Get("with").Get("ref").Text()
	return strings.Contains(ref, "github.event.pull_request.head.") || strings.Contains(ref, "github.head_ref") || strings.HasPrefix(ref, "refs/pull/")
}

// runsCode reports whether a script runs what is in the repository, or its dependencies.
func runsCode(script string) bool {
	return slices.ContainsFunc(shellCommands(script), func(command string) bool {
		words := strings.Fields(command)
		return slices.Contains([]string{"npm", "npx", "pnpm", "yarn", "bun", "bunx", "make", "node", "python", "python3", "pytest", "cargo", "bundle", "composer", "docker"}, words[0]) ||
			strings.HasPrefix(words[0], "./") || len(words) > 1 && words[0] == "go" && words[1] != "version"
	})
}

// tested finds tests that run with the key of the production instance.
func (w workflow) tested(j job) []inWorkflow {
	var found []inWorkflow
	for _, step := range j.steps {
		if !slices.ContainsFunc(shellCommands(step.Get("run").Text()), runsTests) {
			continue
		}
		for _, u := range w.env(j, step) {
			if isLive(u.secret) && !slices.ContainsFunc(found, func(f inWorkflow) bool { return f.at == u.node }) {
				found = append(found, inWorkflow{at: u.node, text: "secrets." + u.secret, seen: "tests run with " + u.secret + ", which is named for production"})
			}
		}
	}
	return found
}

// runsTests reports whether a command runs tests, by its first words: npm run test:e2e, npx playwright test, pytest.
func runsTests(command string) bool {
	words := slices.DeleteFunc(strings.Fields(command), func(w string) bool {
		return strings.HasPrefix(w, "-") || slices.Contains([]string{"run", "exec", "npx", "bunx", "dlx", "uv", "poetry"}, w) || strings.Contains(w, "=")
	})
	if len(words) == 0 {
		return false
	}
	if slices.Contains([]string{"vitest", "jest", "pytest", "mocha", "ava", "rspec"}, words[0]) {
		return true
	}
	return len(words) > 1 && slices.Contains([]string{"npm", "pnpm", "yarn", "bun", "playwright", "cypress", "go", "cargo", "make", "turbo"}, words[0]) &&
		(words[1] == "test" || words[1] == "tests" || strings.HasPrefix(words[1], "test:") || words[1] == "e2e" || words[0] == "cypress" && words[1] == "run" ||
			len(words) > 2 && words[1] == "playwright" && words[2] == "test" || words[1] == "vitest" || words[1] == "jest")
}

// built finds secrets that are arguments of an image's build.
func (w workflow) built(j job) []inWorkflow {
	const seen = "a secret is an argument of the image's build: its history or its provenance can keep it"
	const fix = "Mount the secret instead: RUN --mount=type=secret,id=clerk,env=CLERK_SECRET_KEY in the Dockerfile, and secrets: clerk=${{ secrets.CLERK_SECRET_KEY }} in the workflow."
	var found []inWorkflow
	for _, step := range j.steps {
		if strings.HasPrefix(step.Get("uses").Text(), "docker/build-push-action@") {
			arguments := step.Get("with").Get("build-args")
			for line := range strings.Lines(arguments.Text()) {
				name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				if !strings.HasPrefix(name, "#") && (isSecretName(name) && value != "" || slices.ContainsFunc(secretsIn(value), isClerkSecret)) {
					found = append(found, inWorkflow{at: arguments, text: name, severity: detect.MediumSeverity, seen: seen, fix: fix})
				}
			}
			continue
		}
		run := step.Get("run")
		for _, command := range shellCommands(run.Text()) {
			for _, argument := range buildArguments(command) {
				if name, _, _ := strings.Cut(argument, "="); isSecretName(name) || slices.ContainsFunc(secretsIn(argument), isClerkSecret) {
					found = append(found, inWorkflow{at: run, text: name, severity: detect.MediumSeverity, seen: seen, fix: fix})
				}
			}
		}
	}
	return found
}

// buildArguments returns what follows --build-arg in a command that builds an image.
func buildArguments(command string) []string {
	words := strings.Fields(strings.ReplaceAll(command, "--build-arg=", "--build-arg "))
	if len(words) < 2 || words[0] != "docker" && words[0] != "podman" || !slices.Contains(words, "build") {
		return nil
	}
	var all []string
	for i, word := range words[:len(words)-1] {
		if word == "--build-arg" {
			argument := words[i+1]
			for _, more := range words[i+2:] { // an expression has blanks in it
				if strings.Count(argument, "${{") == strings.Count(argument, "}}") {
					break
				}
				argument += " " + more
			}
			all = append(all, strings.Trim(argument, `"'`))
		}
	}
	return all
}

// printed finds steps that write a secret to the log.
func (w workflow) printed(j job) []inWorkflow {
	var found []inWorkflow
	for _, step := range j.steps {
		run := step.Get("run")
		if goesElsewhere(run.Text()) {
			continue
		}
		var variables []string
		for _, u := range w.env(j, step) {
			variables = append(variables, u.variable)
		}
		for _, command := range shellCommands(run.Text()) {
			if first, _, _ := strings.Cut(command, " "); first != "echo" && first != "printf" || strings.ContainsAny(outside(command, ""), ">|") || strings.Contains(command, "::add-mask::") {
				continue
			}
			if what := namesSecret(command, variables); what != "" {
				found = append(found, inWorkflow{
					at: run, text: what, severity: detect.LowSeverity, seen: "this step prints a secret, which GitHub masks only where it is written exactly so",
					fix: "Don't print it. To see whether it is set, test it: [ -n \"$CLERK_SECRET_KEY\" ].",
				})
			}
		}
	}
	return found
}

// goesElsewhere reports whether a script sends the output of several commands somewhere, { echo A; echo B; } >>file, or has texts in it that
// aren't commands of its own.
func goesElsewhere(script string) bool {
	plain := strings.Join(strings.Fields(outside(script, "")), " ")
	return slices.ContainsFunc([]string{"} >", "}>", ") >", ")>", "} |", ") |", "done >", "done |", "fi >", "exec >", "$(", "`", "<<"}, func(sign string) bool { return strings.Contains(plain, sign) })
}

// namesSecret returns what of a command is a secret of Clerk's: an expression, or one of the variables.
func namesSecret(command string, variables []string) string {
	for _, secret := range secretsIn(command) {
		if isClerkSecret(secret) {
			return "secrets." + secret
		}
	}
	command = outside(command, `"`) // in single quotes, nothing is set in
	for _, name := range variables {
		for _, form := range []string{"${" + name + "}", "$" + name} {
			if i := strings.Index(command, form); i >= 0 && (form[1] == '{' || i+len(form) == len(command) || !isNameByte(command[i+len(form)])) {
				return form
			}
		}
	}
	return ""
}

func isNameByte(b byte) bool {
	return b == '_' || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9'
}
