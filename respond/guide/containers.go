package guide

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

func dockerfile(t *tree, _ Leak, v string) []place {
	files := t.matching(regexp.MustCompile(`(^|/)([^/]+\.)?([Dd]ockerfile|Containerfile)(\.[^/]+)?$`))
	var baked []use
	for _, u := range t.uses(v, files...) {
		if regexp.MustCompile(`(?i)^\s*(ENV|ARG)\s`).MatchString(u.text) {
			baked = append(baked, u)
		}
	}
	if len(baked) == 0 {
		return nil
	}
	return []place{{
		name: "Docker image", where: t.show(baked),
		how: "`ENV` and `ARG` bake the value into the image: whoever can pull it can read it (`docker history`). Take these lines out; give the key at run time (`docker run --env " + v +
			"`), and to a build that needs it as a build secret: `RUN --mount=type=secret,id=" + v + ",env=" + v + " …`. Delete the images that hold the old key from the registry.",
		deploy: "build and roll out a new image.",
	}}
}

func compose(t *tree, _ Leak, v string) []place {
	files := t.matching(regexp.MustCompile(`(^|/)(docker-)?compose[^/]*\.ya?ml$`))
	uses := t.uses(v, files...)
	if len(uses) == 0 {
		return nil
	}
	return []place{{
		name: "Compose", where: t.show(uses),
		how:    "on the machine where it runs, in the `.env` beside the file (not in git), as `" + v + "=…`; in the file itself only `${" + v + "}`.",
		deploy: "`docker compose up --detach` makes the changed containers anew.",
	}}
}

// manifestFile is where Kubernetes manifests may be. Their content decides.
const manifestFile = `\.(ya?ml)$`

const kubernetesName = `^[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?$`

// kubernetes finds workloads whose containers take the variable from a Secret.
func kubernetes(t *tree, _ Leak, v string) []place {
	var uses []use
	var commands, deploys []string
	sealed := false
	for _, p := range t.matching(regexp.MustCompile(manifestFile)) {
		if t.reads > maxReads/2 {
			break // the rest is for others
		}
		if strings.HasPrefix(p, ".github/") || strings.Contains(p, "compose") || chart(t, p) {
			continue
		}
		found := t.uses(v, p)
		if len(found) == 0 || !strings.Contains(t.text(p), "apiVersion:") {
			continue
		}
		uses = append(uses, found...)
		for _, d := range manifests(t.text(p)) {
			sealed = sealed || d.kind == "SealedSecret" || d.kind == "ExternalSecret"
			for _, ref := range d.secretRefs(v) {
				c := fmt.Sprintf(`kubectl patch secret %s%s --patch '{"stringData":{"%s":"'"$NEW_KEY"'"}}'`, ref.name, namespace(d), ref.key)
				if !slices.Contains(commands, c) {
					commands = append(commands, c)
				}
				deploys = appendOnce(deploys, d.restart())
			}
			if d.kind == "Secret" && regexp.MustCompile(kubernetesName).MatchString(d.name) && d.holds(v) {
				c := fmt.Sprintf(`kubectl patch secret %s%s --patch '{"stringData":{"%s":"'"$NEW_KEY"'"}}'`, d.name, namespace(d), v)
				if !slices.Contains(commands, c) {
					commands = append(commands, c)
				}
			}
		}
	}
	if len(uses) == 0 {
		return nil
	}
	if len(commands) == 0 {
		commands = []string{`kubectl patch secret <secret> --patch '{"stringData":{"` + v + `":"'"$NEW_KEY"'"}}'`}
	}
	how := shell(commands...)
	if sealed {
		how += "\nA SealedSecret or ExternalSecret would undo this: change the value where it comes from (`kubeseal`, or the outside store)."
	}
	deploy := "`kubectl rollout restart deployment/<name>`: pods keep the value that they were started with."
	if len(deploys) > 0 {
		deploy = strings.Join(deploys, ", ") + ": pods keep the value that they were started with."
	}
	return []place{{name: "Kubernetes", where: t.show(uses), how: how, deploy: deploy, shell: true}}
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

// secretRefs returns the secrets from which containers of the object take the variable.
func (d manifest) secretRefs(v string) []secretRef {
	var out []secretRef
	walk(d.root, 0, func(n *yaml.Node) {
		if scalar(child(n, "name")) != v {
			return
		}
		ref := child(child(n, "valueFrom"), "secretKeyRef")
		name, key := scalar(child(ref, "name")), scalar(child(ref, "key"))
		if regexp.MustCompile(kubernetesName).MatchString(name) && regexp.MustCompile(`^[A-Za-z0-9._-]{1,100}$`).MatchString(key) {
			out = append(out, secretRef{name, key})
		}
	})
	return out
}

func (d manifest) holds(v string) bool {
	return child(child(d.root, "data"), v) != nil || child(child(d.root, "stringData"), v) != nil
}

func (d manifest) restart() string {
	if !regexp.MustCompile(kubernetesName).MatchString(d.name) {
		return ""
	}
	switch d.kind {
	case "Deployment", "StatefulSet", "DaemonSet":
		return "`kubectl rollout restart " + strings.ToLower(d.kind) + "/" + d.name + namespace(d) + "`"
	}
	return ""
}

func namespace(d manifest) string {
	if d.namespace == "" || !regexp.MustCompile(kubernetesName).MatchString(d.namespace) {
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

// chart tells whether the file belongs to a Helm chart.
func chart(t *tree, p string) bool {
	for _, c := range t.named("Chart.yaml") {
		if dir := strings.TrimSuffix(c, "Chart.yaml"); strings.HasPrefix(p, dir) {
			return true
		}
	}
	return false
}

func helm(t *tree, _ Leak, v string) []place {
	charts := t.named("Chart.yaml")
	if len(charts) == 0 {
		return nil
	}
	var files []string
	for _, p := range t.matching(regexp.MustCompile(manifestFile)) {
		if chart(t, p) || strings.HasPrefix(p[strings.LastIndex(p, "/")+1:], "values") {
			files = append(files, p)
		}
	}
	uses := append(t.uses(v, files...), t.uses(camelCase(v), files...)...)
	if len(uses) == 0 {
		return nil
	}
	return []place{{
		name: "Helm", where: t.show(uses),
		how:    "in the Secret that the chart names, or in the values that are not in git; a values file in git holds the name of the Secret, never the key.",
		deploy: "`helm upgrade <release> <chart>`, and `kubectl rollout restart` where the pods did not change.",
	}}
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

func terraform(t *tree, _ Leak, v string) []place {
	files := t.matching(regexp.MustCompile(`\.(tf|tfvars|tofu)$`))
	uses := t.uses(v, files...)
	if len(uses) == 0 {
		return nil
	}
	name := strings.ToLower(v)
	for _, u := range uses {
		if m := regexp.MustCompile(`^\s*variable\s+"([A-Za-z0-9_]+)"`).FindStringSubmatch(u.text); m != nil {
			name = m[1]
		}
	}
	return []place{{
		name: "Terraform", where: t.show(uses), shell: true,
		how:    shell(`TF_VAR_`+name+`="$NEW_KEY" terraform apply`) + "\nor change it in the workspace's variables (marked sensitive). The state file holds the key in clear: see who can read it.",
		deploy: "`terraform apply` did it, where the resource restarts by itself.",
	}}
}
