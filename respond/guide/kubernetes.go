package guide

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

var (
	yamlFile       = newPattern(`\.ya?ml$`)
	kubernetesName = newPattern(`^[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?$`)
	secretKeyName  = newPattern(`^[A-Za-z0-9._-]{1,100}$`)
	nameLine       = newPattern(`(?m)^\s+(?:- )?name:\s*["']?([a-z0-9.-]+)["']?\s*$`)
)

// newSecret is the Secret that takes the credential where a manifest or a chart held it. It has a name of its own, so
// that nothing that applies the repository with pruning deletes it with the old manifest.
const newSecret = "clerk"

// createSecret makes a Secret of one key, or replaces it.
func createSecret(name, namespace, key string) string {
	return "kubectl create secret generic " + name + namespace + " --from-literal=" + key + "=$NEW_KEY --dry-run=client --output yaml | kubectl apply --filename -"
}

// patchSecret changes one key of a Secret and leaves its others alone.
func patchSecret(name, namespace, key string) string {
	return "kubectl patch secret " + name + namespace + ` --patch "stringData: {` + key + `: $NEW_KEY}"`
}

// fromSecret is the entry of a container's environment that reads the new Secret.
func fromSecret(variable string) string {
	return "- name: " + variable + "\n  valueFrom:\n    secretKeyRef:\n      name: " + newSecret + "\n      key: " + variable
}

// isManifest reports whether the file holds Kubernetes objects that are no chart's.
func (t *tree) isManifest(p string) bool {
	return yamlFile.MatchString(p) && !strings.HasPrefix(p, ".github/") && !composeFile.MatchString(p) && !t.inChart(p) &&
		strings.Contains(t.text(p), "apiVersion:") && !strings.Contains(t.text(p), "serving.knative.dev")
}

// inKubernetes takes the credential out of a manifest or a chart.
func inKubernetes(t *tree, at Location, variable string) (change, bool) {
	if t.inChart(at.Path) && yamlFile.MatchString(at.Path) || valuesFile.MatchString(at.Path) && len(t.charts) > 0 {
		return inHelm(t, at, variable), true
	}
	if !t.isManifest(at.Path) {
		return change{}, false
	}
	c := change{kind: inSettings, runs: true, language: "yaml", code: fromSecret(variable)}
	switch d := manifestAt(t.text(at.Path), at.Line); d.kind {
	case "Secret", "ConfigMap":
		c.text = "In HERE, delete the key. What reads it there takes it from the new Secret:"
		if users := t.referring(d.name); len(users) > 0 {
			c.text = "In HERE, delete the key. In " + strings.Join(t.show(wholes(users)), ", ") + ", read the new Secret instead:"
		}
	default:
		c.text = "In HERE, read the new Secret instead:"
	}
	return c, true
}

// referring returns the workloads' files that name the Secret or ConfigMap.
func (t *tree) referring(name string) []string {
	if !kubernetesName.MatchString(name) {
		return nil
	}
	names := func(text string) bool {
		return slices.ContainsFunc(nameLine.FindAllStringSubmatch(text, -1), func(m []string) bool { return m[1] == name })
	}
	var out []string
	for _, p := range t.matching(yamlFile) {
		if t.isManifest(p) && names(t.text(p)) && strings.Contains(t.text(p), "Ref:") {
			out = append(out, p)
		}
	}
	return out
}

// cluster is what the manifests say of the variable.
type cluster struct {
	uses    []use
	set     []string
	takes   []string
	apply   []string
	outside bool // the value comes from a store outside, which undoes what is changed here
}

// kubernetes finds workloads whose containers take the variable from a Secret.
func kubernetes(t *tree, _ Leak, v string) []target {
	var c cluster
	for _, p := range t.matching(yamlFile) {
		if strings.HasPrefix(p, ".github/") || composeFile.MatchString(p) || t.inChart(p) {
			continue
		}
		found := t.uses(v, p)
		if len(found) == 0 && !t.holds(p) || !t.isManifest(p) {
			continue
		}
		c.uses = append(c.uses, found...)
		c.add(t, p, v)
	}
	if len(c.uses) == 0 && len(c.set) == 0 {
		return nil
	}
	out := target{
		name: "Kubernetes", in: "in Kubernetes", where: t.show(c.uses), set: c.set, takes: c.takes,
		ships: "Build the image and roll it out: pods take the new key when they start.",
	}
	if len(c.apply) > 0 {
		out.ships, out.runs = "", c.apply
	}
	if len(c.takes) == 0 {
		out.again = "On Kubernetes, restart the pods (`kubectl rollout restart`): they keep the key that they were started with."
	}
	switch {
	case c.outside:
		out.set, out.how = nil, "A SealedSecret or ExternalSecret fills the Secret: change the value where it comes from (seal it again, or in the outside store), and wait until the Secret has it."
	case len(out.set) == 0:
		out.set = []string{createSecret(newSecret, "", v)}
		out.how = "If the Secret has another name, or other keys too, change " + code(v) + " there instead:"
	}
	return []target{out}
}

func (c *cluster) add(t *tree, p, v string) {
	held := t.holds(p)
	for _, d := range manifests(t.text(p)) {
		named := kubernetesName.MatchString(d.name)
		switch {
		case d.kind == "SealedSecret" || d.kind == "ExternalSecret":
			c.outside = c.outside || d.mentions(v)
		case d.kind == "Secret" && named && d.holds(v) && !held:
			c.set = appendOnce(c.set, patchSecret(d.name, namespace(d), v))
		case held && (d.kind == "Secret" || d.kind == "ConfigMap" || d.hasLiteral()):
			c.set = appendOnce(c.set, createSecret(newSecret, namespace(d), v))
			// The Secret's own file is not applied: pods that still run with it need it until they are replaced.
			readers := []string{p}
			if !d.hasLiteral() {
				readers = t.referring(d.name)
			}
			for _, reader := range readers {
				c.apply = appendOnce(c.apply, "kubectl apply --filename "+safe(reader, "."))
			}
		}
		for _, ref := range d.secretRefs(v) {
			if !held && !c.made(t, ref) {
				c.set = appendOnce(c.set, patchSecret(ref.name, namespace(d), ref.key))
			}
			c.takes = appendOnce(c.takes, d.restart())
		}
	}
}

// made reports whether a manifest that holds the credential makes the Secret: it is replaced by one of another name.
func (c *cluster) made(t *tree, ref secretRef) bool {
	for p := range t.head {
		if t.secret[p] || !t.isManifest(p) {
			continue
		}
		for _, d := range manifests(t.text(p)) {
			if d.name == ref.name && (d.kind == "Secret" || d.kind == "ConfigMap") {
				return true
			}
		}
	}
	return false
}

func appendOnce(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

// manifest is one Kubernetes object of a file.
type manifest struct {
	kind, name, namespace string
	root                  *yaml.Node
}

type secretRef struct{ name, key string }

func manifests(text string) []manifest {
	var out []manifest
	dec := yaml.NewDecoder(strings.NewReader(text))
	for len(out) < 100 {
		var doc yaml.Node
		if dec.Decode(&doc) != nil || len(doc.Content) == 0 {
			return out // templates that are no YAML are judged by their lines alone
		}
		root := doc.Content[0]
		meta := child(root, "metadata")
		out = append(out, manifest{kind: scalar(child(root, "kind")), name: scalar(child(meta, "name")), namespace: scalar(child(meta, "namespace")), root: root})
	}
	return out
}

// manifestAt returns the object that the line is in.
func manifestAt(text string, line int) manifest {
	var out manifest
	for _, d := range manifests(text) {
		if d.root.Line <= line {
			out = d
		}
	}
	return out
}

// secretRefs returns the secrets from which containers of the object take the variable.
func (d manifest) secretRefs(v string) []secretRef {
	var out []secretRef
	walk(d.root, 0, func(n *yaml.Node) {
		if scalar(child(n, "name")) != v {
			return
		}
		ref := child(child(n, "valueFrom"), "secretKeyRef")
		name, key := scalar(child(ref, "name")), scalar(child(ref, "key"))
		if kubernetesName.MatchString(name) && secretKeyName.MatchString(key) {
			out = append(out, secretRef{name, key})
		}
	})
	return out
}

func (d manifest) holds(v string) bool {
	return child(child(d.root, "data"), v) != nil || child(child(d.root, "stringData"), v) != nil
}

// hasLiteral reports whether a value of the object is the masked credential.
func (d manifest) hasLiteral() bool {
	found := false
	walk(d.root, 0, func(n *yaml.Node) { found = found || strings.Contains(scalar(child(n, "value")), "…") })
	return found
}

// mentions reports whether a key or a value of the object is the variable.
func (d manifest) mentions(v string) bool {
	found := false
	walk(d.root, 0, func(n *yaml.Node) {
		for _, c := range n.Content {
			found = found || c.Value == v
		}
	})
	return found
}

func (d manifest) restart() string {
	if !kubernetesName.MatchString(d.name) {
		return ""
	}
	switch d.kind {
	case "Deployment", "StatefulSet", "DaemonSet":
		return "kubectl rollout restart " + strings.ToLower(d.kind) + "/" + d.name + namespace(d)
	}
	return ""
}

func namespace(d manifest) string {
	if d.namespace == "" || !kubernetesName.MatchString(d.namespace) {
		return ""
	}
	return " --namespace " + d.namespace
}

func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func scalar(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}

// walk visits the mappings of a document. Aliases are not followed.
func walk(n *yaml.Node, depth int, visit func(*yaml.Node)) {
	if n == nil || depth > 50 {
		return
	}
	if n.Kind == yaml.MappingNode {
		visit(n)
	}
	for _, c := range n.Content {
		walk(c, depth+1, visit)
	}
}
