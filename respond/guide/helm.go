package guide

import (
	"strings"

	"github.com/rekey-app/rekey/respond/markdown"
)

// release is how a chart is installed, as far as a workflow says.
type release struct{ name, chart, namespace string }

var (
	helmUpgrade   = newPattern(`helm\s+(?:upgrade|install)((?:[^\n&|;\\]|\\\n)*)`)
	helmNamespace = newPattern(`(?:--namespace|-n)[ =]+([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)\b`)
	helmWords     = newPattern(`^(?:\s|\\\n|--?[a-z-]+(?:=\S+)?)*([a-z0-9][a-z0-9-]{0,52})\s+([A-Za-z0-9_./-]{1,100})`)
	namespaceLine = newPattern(`(?m)^\s*namespace:\s*["']?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)["']?\s*$`)
	chartName     = newPattern(`(?m)^name:\s*["']?([a-z0-9][a-z0-9-]{0,52})["']?\s*$`)
	refName       = newPattern(`^\s*name:\s*["']?(.+?)["']?\s*$`)
	refKey        = newPattern(`^\s*key:\s*["']?(.+?)["']?\s*$`)
	valueOf       = newPattern(`^\{\{-?\s*\.Values\.([A-Za-z0-9_.]+)(?:\s*\|\s*quote)?\s*-?\}\}$`)
	releaseName   = newPattern(`\{\{-?\s*\.Release\.Name\s*-?\}\}`)
	valuesName    = newPattern(`\.Values\.([A-Za-z0-9_.]+)`)
)

// release reads the workflows, the chart's templates and its name.
func (t *tree) release() release {
	var r release
	for _, p := range append(t.matching(workflows), t.named("Makefile", "justfile")...) {
		for _, m := range helmUpgrade.FindAllStringSubmatch(t.text(p), maxShown) {
			if ns := first(helmNamespace, m[1]); ns != "" {
				r.namespace = orElse(r.namespace, ns)
			}
			rest := helmNamespace.ReplaceAllString(m[1], "")
			if w := helmWords.FindStringSubmatch(rest); w != nil && r.name == "" && !strings.HasPrefix(w[2], "-") {
				r.name, r.chart = w[1], safe(strings.TrimPrefix(w[2], "./"), "")
			}
		}
	}
	charts := t.named("Chart.yaml")
	if r.chart == "" && len(charts) > 0 {
		r.chart = safe(strings.TrimSuffix(charts[0], "/Chart.yaml"), ".")
		if charts[0] == "Chart.yaml" {
			r.chart = "."
		}
	}
	if len(charts) > 0 {
		r.name = orElse(r.name, first(chartName, t.text(charts[0])))
	}
	for _, p := range t.matching(yamlFile) {
		if r.namespace == "" && t.inChart(p) {
			r.namespace = first(namespaceLine, t.text(p))
		}
	}
	return r
}

func (r release) flags() string {
	if r.namespace == "" {
		return ""
	}
	return " --namespace " + r.namespace
}

func (r release) upgrade(values string) string {
	return "helm upgrade " + orElse(r.name, "RELEASE") + " " + prefixed(r.chart) + r.flags() + values
}

// prefixed makes a chart's folder one that Helm does not take for a repository's chart.
func prefixed(chart string) string {
	if chart == "" || chart == "." {
		return "."
	}
	return "./" + chart
}

// helm finds charts that give the variable to containers.
func helm(t *tree, _ Leak, v string) []target {
	if len(t.charts) == 0 {
		return nil
	}
	var uses []use
	held := ""
	for _, p := range t.matching(yamlFile) {
		if !t.inChart(p) && !valuesFile.MatchString(p) {
			continue
		}
		uses = append(uses, t.uses(v, p)...)
		if t.holds(p) {
			held = p
		}
	}
	if len(uses) == 0 && held == "" {
		return nil
	}
	r := t.release()
	out := target{name: "Helm", in: "in the cluster", by: "With Helm:", where: t.show(uses), again: "", runs: []string{r.upgrade("")}}
	if valuesFile.MatchString(held) && !strings.HasSuffix("/"+held, "/values.yaml") {
		out.runs = []string{r.upgrade(" --values " + safe(held, "values.yaml"))}
	}
	ref, others := t.chartSecret(uses, r)
	switch {
	case held != "":
		out.set = []string{createSecret(newSecret, r.flags(), v)}
	case ref.name != "" && others:
		out.set = []string{patchSecret(ref.name, r.flags(), ref.key)}
	case ref.name != "":
		out.set = []string{createSecret(ref.name, r.flags(), ref.key)}
	default:
		value := camelCase(v)
		for _, u := range uses {
			value = orElse(first(valuesName, u.text+"\n"+strings.Join(t.around(u, 1), "\n")), value)
		}
		out.how = "The chart takes it from `.Values." + value + "`. Change it where the pipeline gets that value, or:"
		out.set = []string{r.upgrade(" --reuse-values --set-string " + value + "=$NEW_KEY")}
	}
	if held == "" {
		out.takes = []string{"kubectl rollout restart deployment" + r.flags() + " --selector app.kubernetes.io/instance=" + orElse(r.name, "RELEASE")}
	}
	return []target{out}
}

// chartSecret returns the Secret from which the chart's containers take the variable, and whether they take others of
// its keys too.
func (t *tree) chartSecret(uses []use, r release) (ref secretRef, others bool) {
	for _, u := range uses {
		lines := t.around(u, 5)
		for i, line := range lines {
			if !strings.Contains(line, "secretKeyRef:") {
				continue
			}
			var name, key string
			for _, l := range lines[i+1:] {
				name, key = orElse(name, first(refName, l)), orElse(key, first(refKey, l))
			}
			name, key = t.resolve(name, r), t.resolve(key, r)
			if kubernetesName.MatchString(name) && secretKeyName.MatchString(key) {
				ref = secretRef{name, key}
			}
		}
	}
	if ref.name == "" {
		return ref, false
	}
	for _, p := range t.matching(yamlFile) {
		if !t.inChart(p) {
			continue
		}
		lines := t.lines(p)
		for i, line := range lines {
			if !strings.Contains(line, "secretKeyRef:") {
				continue
			}
			var name, key string
			for _, l := range lines[i+1 : min(len(lines), i+3)] {
				name, key = orElse(name, first(refName, l)), orElse(key, first(refKey, l))
			}
			if t.resolve(name, r) == ref.name && t.resolve(key, r) != ref.key {
				others = true
			}
		}
	}
	return ref, others
}

// resolve fills in what a template takes from values.yaml, or from the release's name; "" where that is not known.
func (t *tree) resolve(s string, r release) string {
	s = releaseName.ReplaceAllString(s, orElse(r.name, "RELEASE"))
	m := valueOf.FindStringSubmatch(s)
	if m == nil {
		if strings.Contains(s, "{{") {
			return ""
		}
		return s
	}
	for _, p := range t.named("values.yaml", "values.yml") {
		for _, d := range manifests(t.text(p)) {
			n := d.root
			for name := range strings.SplitSeq(m[1], ".") {
				n = child(n, name)
			}
			if v := scalar(n); v != "" {
				return v
			}
		}
	}
	return ""
}

// inHelm takes the credential out of a chart or its values: the containers read a Secret instead.
func inHelm(t *tree, at Location, variable string) change {
	c := change{kind: inSettings, runs: true, language: "yaml", code: fromSecret(variable)}
	c.text = "In HERE, delete the line, and read the new Secret in the template that uses it:"
	path := strings.Join(t.keyPath(at), ".")
	if path == "" {
		return c
	}
	var uses []use
	for _, p := range t.matching(yamlFile) {
		if !t.inChart(p) {
			continue
		}
		for i, line := range t.lines(p) {
			if strings.Contains(line, "{{") && hasWord(line, ".Values."+path) {
				uses = append(uses, use{p, i + 1, line})
			}
		}
	}
	if len(uses) > 0 {
		c.text = "In HERE, delete the line. In " + strings.Join(t.show(uses), ", ") + ", read the new Secret in place of " + markdown.Code(".Values."+path) + ":"
	}
	return c
}

// camelCase turns CLERK_SECRET_KEY into clerkSecretKey.
func camelCase(v string) string {
	parts := strings.Split(strings.ToLower(v), "_")
	for i, p := range parts {
		if i > 0 && p != "" {
			parts[i] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}
