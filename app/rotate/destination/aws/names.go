package aws

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// reference is a secret or a parameter that a file names.
type reference struct {
	kind    kind
	id      string // a name, or an ARN
	region  string // "" for the login's own
	account string // "" where the file does not say
	member  string // of the object that it is, "" where the file says none
	file    string
	sure    bool // the file says that it is one of AWS
}

// kind is which store.
type kind string

const (
	ofSecrets    kind = "secret"    // Secrets Manager
	ofParameters kind = "parameter" // SSM Parameter Store
)

const (
	near          = 3  // so many lines behind the variable's name its source is looked for
	maxReferences = 40 // of one project
)

var (
	secretARN     = regexp.MustCompile(`arn:aws[a-z-]*:secretsmanager:([a-z0-9-]+):([0-9]{12}):secret:[A-Za-z0-9/_+=.@-]{1,200}`)
	memberOf      = regexp.MustCompile(`^(?::SecretString)?:([A-Za-z0-9_.-]{1,200})`) // behind a name, or an ARN
	property      = regexp.MustCompile(`\bproperty:\s*["']?([A-Za-z0-9_.-]{1,200})["']?\s*(?:$|[,}])`)
	parameterARN  = regexp.MustCompile(`arn:aws[a-z-]*:ssm:([a-z0-9-]+):([0-9]{12}):parameter(/[A-Za-z0-9/_.-]{1,200})`)
	resolveSecret = regexp.MustCompile(`\{\{resolve:secretsmanager:([A-Za-z0-9/_+=.@-]{1,200})`)
	resolveName   = regexp.MustCompile(`\{\{resolve:ssm(?:-secure)?:(/?[A-Za-z0-9][A-Za-z0-9/_.-]{0,200})|\$\{ssm:(/?[A-Za-z0-9][A-Za-z0-9/_.-]{0,200})`)
	valueFrom     = regexp.MustCompile(`["'\s]valueFrom["']?\s*[:=]\s*["'](/?[A-Za-z0-9][A-Za-z0-9/_.-]{0,200})["']`)
	remoteKey     = regexp.MustCompile(`\bkey:\s*["']?([A-Za-z0-9/_+=.@-]{1,200})["']?\s*(?:$|[,}])`)
	nameKey       = regexp.MustCompile(`(?i)["']?\b(name|secretKey)["']?\s*[:=]`)
	terraform     = regexp.MustCompile(`(?s)(?:resource|data)\s+"aws_(secretsmanager_secret|ssm_parameter)"\s+"([^"]*)"\s*\{(.*?)\n\}`)
	terraformName = regexp.MustCompile(`(?m)^\s*name\s*=\s*"(/?[A-Za-z0-9][A-Za-z0-9/_+=.@-]{0,200})"`)
	providerAWS   = regexp.MustCompile(`(?m)^\s*provider\s+"aws"|"aws_[a-z0-9_]+"\s+"`)
)

// names returns what the files name for the variables, and the file that shows that AWS is used, "" for none.
func names(p destination.Project) (refs []reference, because string) {
	files := p.Files.List()
	slices.Sort(files)
	for _, file := range files {
		if !slices.Contains([]string{".yaml", ".yml", ".json", ".tf", ".toml", ".ts"}, path.Ext(file)) || path.Base(file) == "package-lock.json" {
			continue
		}
		text, _ := p.Files.Read(file)
		found := fromText(string(text), file, p.Variables)
		if because == "" && (describes(file, string(text)) || slices.ContainsFunc(found, func(r reference) bool { return r.sure })) {
			because = file
		}
		for _, r := range found {
			known := slices.ContainsFunc(refs, func(x reference) bool { r.file = x.file; return x == r })
			if !known && len(refs) < maxReferences {
				refs = append(refs, r)
			}
		}
	}
	return refs, because
}

// describes reports whether a file describes what runs on AWS.
func describes(file, text string) bool {
	switch path.Base(file) {
	case "samconfig.toml", "cdk.json", "apprunner.yaml":
		return true
	case "serverless.yml", "serverless.yaml":
		return strings.Contains(text, "aws")
	}
	switch path.Ext(file) {
	case ".tf":
		return providerAWS.MatchString(text)
	case ".json":
		return strings.Contains(text, `"containerDefinitions"`)
	case ".yaml", ".yml":
		return strings.Contains(text, "AWS::") || strings.HasPrefix(file, "copilot/")
	}
	return false
}

// fromText reads what stands behind each mention of a variable, up to the next entry, and the resources of Terraform that are called after Clerk.
func fromText(text, file string, variables []string) (refs []reference) {
	lines := strings.Split(text, "\n")
	external := strings.Contains(text, "ExternalSecret")
	for i, line := range lines {
		if !slices.ContainsFunc(variables, func(v string) bool { return mentions(line, v) }) {
			continue
		}
		window := []string{line}
		for _, l := range lines[i+1 : min(i+1+near, len(lines))] {
			if nameKey.MatchString(l) {
				break
			}
			window = append(window, l)
		}
		if r, ok := source(strings.Join(window, "\n"), external); ok {
			r.file = file
			refs = append(refs, r)
		}
	}
	if path.Ext(file) != ".tf" {
		return refs
	}
	for _, m := range terraform.FindAllStringSubmatch(text, -1) {
		name := terraformName.FindStringSubmatch(m[3])
		if name != nil && strings.Contains(strings.ToLower(m[2]+name[1]), "clerk") {
			k := map[string]kind{"secretsmanager_secret": ofSecrets, "ssm_parameter": ofParameters}[m[1]]
			refs = append(refs, reference{kind: k, id: name[1], file: file, sure: true})
		}
	}
	return refs
}

// mentions reports whether a line has the variable as a word.
func mentions(line, variable string) bool {
	_, rest, ok := strings.Cut(line, variable)
	return ok && (rest == "" || !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789", rune(rest[0])))
}

func source(window string, external bool) (reference, bool) {
	for _, pattern := range []*regexp.Regexp{secretARN, resolveSecret} {
		at := pattern.FindStringSubmatchIndex(window)
		if at == nil {
			continue
		}
		r := reference{kind: ofSecrets, id: window[at[2]:at[3]], sure: true}
		if pattern == secretARN {
			r.id, r.region, r.account = window[at[0]:at[1]], window[at[2]:at[3]], window[at[4]:at[5]]
		}
		if m := memberOf.FindStringSubmatch(window[at[1]:]); m != nil && m[1] != "SecretString" {
			r.member = m[1]
		}
		return r, true
	}
	if m := parameterARN.FindStringSubmatch(window); m != nil {
		return reference{kind: ofParameters, id: m[3], region: m[1], account: m[2], sure: true}, true
	}
	if m := resolveName.FindStringSubmatch(window); m != nil {
		return reference{kind: ofParameters, id: m[1] + m[2], sure: true}, true
	}
	if m := valueFrom.FindStringSubmatch(window); m != nil {
		return reference{kind: ofParameters, id: m[1], sure: true}, true
	}
	if external && strings.Contains(window, "remoteRef") { // of AWS, or of another store
		var r reference
		for line := range strings.Lines(window) {
			line = strings.TrimRight(line, "\n")
			if m := remoteKey.FindStringSubmatch(line); m != nil && r.id == "" {
				r.kind, r.id = ofSecrets, m[1]
			}
			if m := property.FindStringSubmatch(line); m != nil && r.member == "" {
				r.member = m[1]
			}
		}
		return r, r.id != ""
	}
	return reference{}, false
}
