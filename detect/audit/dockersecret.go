package audit

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/audit/docker"
)

// imageSecret finds secrets of Clerk's that stay in an image.
func imageSecret() Check {
	return Check{
		ID: "C23", Title: "A secret stays in the image", Severity: detect.MediumSeverity, Tier: Default, Frameworks: []string{"Docker"},
		Fix: "Set the secret when the container starts (docker run --env-file). If the build needs it, mount it: RUN --mount=type=secret,id=clerk,env=CLERK_SECRET_KEY, " +
			"and docker build --secret id=clerk,env=CLERK_SECRET_KEY.",
		Link: "https://docs.docker.com/build/building/secrets/",
		Why: "`docker history` shows the value that a build argument had in the last stage, and in the stages it is built from; `docker inspect` shows what `ENV` set. Whoever " +
			"can pull the image has the key. Arguments of other stages aren't in the image, and neither are those before the first `FROM`; rekey doesn't report them.",
		Before: []Example{{"Dockerfile", "FROM node:24\nARG CLERK_SECRET_KEY\nRUN npm run build\n"}},
		After:  []Example{{"Dockerfile", "FROM node:24\nRUN --mount=type=secret,id=clerk,env=CLERK_SECRET_KEY npm run build\n"}},
		wants:  func(name string) bool { return isOurs(name) && isDockerfile(strings.ToLower(path.Base(name))) },
		find:   findImageSecrets,
	}
}

var (
	secretName = regexp.MustCompile(`^(?:[A-Z0-9]+_)*CLERK(?:_[A-Z0-9]+)*_(?:SECRETS?(?:_[A-Z0-9]+)*|ENCRYPTION_KEY|API_KEY)$`)
	reference  = regexp.MustCompile(`\$\{?([A-Za-z_][A-Za-z0-9_]*)`)
)

// isSecretName reports whether a variable of that name holds a secret of Clerk's. One for the browser is another mistake.
func isSecretName(name string) bool {
	return secretName.MatchString(name) && !isPrefixed(name) &&
		!slices.ContainsFunc(aboutSecret, func(end string) bool { return strings.HasSuffix(name, end) })
}

func findImageSecrets(p *project) []Finding {
	var found []Finding
	p.each(imageSecret().wants, func(name string, text []byte) {
		file := docker.Parse(string(text))
		stages := file.Image()
		// What an argument is called that holds a secret, and is visible in the image's stages.
		args := map[string]bool{}
		kept := map[string]bool{}
		for _, stage := range stages {
			for _, s := range stage.Settings {
				if !s.Env && isSecretName(s.Name) && s.Value == "" {
					args[s.Name] = true
				}
			}
		}
		for _, stage := range stages {
			for _, s := range stage.Settings {
				if s.Env && refersTo(s.Value, args) {
					kept[s.Name] = true
					found = append(found, Finding{Path: name, Range: rangeOf(text, s.Start, s.End), Seen: "ENV keeps the build argument's value in the image: docker inspect shows it"})
				}
			}
		}
		for _, stage := range stages {
			for _, s := range stage.Settings {
				if !s.Env && args[s.Name] && !kept[s.Name] {
					found = append(found, Finding{Path: name, Range: rangeOf(text, s.Start, s.End), Seen: "docker history shows the value that this build argument is given"})
				}
			}
		}
	})
	return found
}

// refersTo reports whether a value has one of the variables in it.
func refersTo(value string, names map[string]bool) bool {
	for _, m := range reference.FindAllStringSubmatch(value, -1) {
		if names[m[1]] {
			return true
		}
	}
	return false
}
