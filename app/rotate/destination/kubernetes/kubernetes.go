// Package kubernetes reaches the Secrets of a cluster: those that the repository's manifests name, in the cluster of kubectl's current context and in no
// other.
//
// A Secret that something fills (External Secrets, Sealed Secrets, Helm, Argo CD, Flux) is told and not written: its filler would undo the change.
//
// What is uncertain: objects that kustomize gives a prefix or a suffix, and charts of Helm, have names that no file has; they are not found. A pod that
// reads a Secret as a file sees the new value without a restart, and is restarted with the others. Whether a tag of an image moves is judged by its
// name: one with a digit in it, as versions and commits have, is taken for one that stays.
package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

const name = "kubernetes"

// Driver is a [destination.Driver].
type Driver struct{ tools *destination.Tools }

// New returns the driver.
func New(m *destination.Machine) *Driver { return &Driver{m.Tools()} }

// Name returns "kubernetes".
func (*Driver) Name() string { return name }

// Look reads the Secrets that the manifests name.
func (d *Driver) Look(ctx context.Context, p destination.Project) destination.Survey {
	f := scan(p)
	var s destination.Survey
	switch {
	case len(f.uses) > 0:
		s.Used, s.Because = true, f.uses[0].file
	case len(f.charts) > 0:
		s.Used, s.Because = true, f.charts[0]
	default:
		return s
	}
	if len(f.charts) > 0 {
		s.Problems = append(s.Problems, destination.Problem{
			What: "the Helm chart that " + f.charts[0] + " is part of sets the variable, and no file says which release has it",
			Next: "set the new value in the release's values: helm upgrade RELEASE CHART --reuse-values --values FILE",
		})
	}
	if len(f.uses) == 0 {
		return s
	}
	current, err := d.current(ctx)
	if err != nil {
		what := err.Error()
		if says(err, "current-context is not set") {
			what = "kubectl is set to no cluster"
		}
		s.Problems = append(s.Problems, destination.Problem{What: what, Next: next(err, scope{})})
		return s
	}
	s.Account = "context " + destination.Quote(current, detect.Secret{})
	for _, u := range f.uses {
		namespaces := f.namespaces
		if u.namespace != "" || len(namespaces) == 0 {
			namespaces = []string{u.namespace}
		}
		err := d.use(ctx, &s, p, u, current, namespaces)
		if ctx.Err() != nil || err != nil && !says(err, "forbidden") {
			break // the others could not be read either, each after a while
		}
	}
	return s
}

// use looks for a Secret in the namespaces.
func (d *Driver) use(ctx context.Context, s *destination.Survey, p destination.Project, u *use, current string, namespaces []string) error {
	there := false
	for _, namespace := range namespaces {
		c := scope{current, namespace}
		secret, err := d.read(ctx, c, u.name)
		if err != nil {
			s.Problems = append(s.Problems, destination.Problem{What: fmt.Sprintf("read the Secret %s: %v", u.name, err), Next: next(err, c)})
			return err
		}
		if secret == nil {
			continue
		}
		there, c.namespace = true, secret.meta.Namespace
		d.places(ctx, s, p, u, c, secret)
	}
	if !there && u.filledBy == "" {
		where := ""
		if namespaces[0] != "" {
			where = " in the namespace " + strings.Join(namespaces, ", ")
		}
		s.Problems = append(s.Problems, destination.Problem{
			What: fmt.Sprintf("the cluster of the context %s has no Secret %s%s, which %s names", current, u.name, where, u.file),
			Next: "if it runs in another cluster, choose that with kubectl config use-context",
		})
	}
	return nil
}

func (d *Driver) places(ctx context.Context, s *destination.Survey, p destination.Project, u *use, c scope, secret *secret) {
	keys := slices.DeleteFunc(slices.Clone(u.keys), func(key string) bool { _, ok := secret.data[key]; return !ok })
	if len(keys) == 0 {
		return
	}
	title := fmt.Sprintf("Kubernetes Secret %s in namespace %s (context %s)", u.name, c.namespace, c.context)
	if problem, ok := secret.undone(u, title); ok {
		s.Problems = append(s.Problems, problem)
		return
	}
	workloads, moving, err := d.present(ctx, c, u.workloads)
	if err != nil {
		s.Problems = append(s.Problems, destination.Problem{What: fmt.Sprintf("see which pods read the %s: %v", title, err), Next: next(err, c)})
	}
	for _, key := range keys {
		s.Places = append(s.Places, destination.Place{
			Driver: name, ID: c.id(u.name + "/" + key), Title: title, Variable: key, Scope: destination.ScopeNamed(c.namespace),
			Holding: p.Judge(string(secret.data[key])), Unit: unit(c, u.name, workloads, moving),
		})
	}
}

func unit(c scope, secret string, workloads, moving []string) destination.Unit {
	u := destination.Unit{Driver: name, Takes: destination.TakesByRedeploy}
	if len(workloads) == 0 {
		u.ID, u.Title, u.Takes = c.id("secret/"+secret), fmt.Sprintf("pods that read the Secret %s in namespace %s", secret, c.namespace), destination.TakesByHand
		u.ByHand = fmt.Sprintf("Restart the pods that read it: kubectl rollout restart deployment/NAME --namespace %s --context %s.", c.namespace, destination.Word(c.context))
		return u
	}
	names := strings.Join(workloads, ", ")
	u.ID = c.id("restart/" + strings.ReplaceAll(strings.Join(workloads, ","), "/", ":"))
	u.Title = fmt.Sprintf("%s in namespace %s (context %s)", names, c.namespace, c.context)
	if len(moving) > 0 {
		u.Takes = destination.TakesByHand
		u.ByHand = fmt.Sprintf("Restart %s: kubectl rollout restart %s --namespace %s --context %s. That may start a newer image, since the tag of %s may have moved: check first what else that ships.",
			names, strings.Join(workloads, " "), c.namespace, destination.Word(c.context), strings.Join(moving, ", "))
		return u
	}
	u.Redeploys = "restarts their pods with the image that runs, one after the other (kubectl rollout restart)"
	return u
}

// id is by which something is found again: the name of a context may hold slashes, the others can't.
func (c scope) id(rest string) string { return c.context + "/" + c.namespace + "/" + rest }

// parse is the opposite, for a rest of two parts.
func parse(id string) (c scope, first, second string) {
	parts := strings.Split(id, "/")
	if len(parts) < 4 {
		return c, "", ""
	}
	n := len(parts)
	return scope{strings.Join(parts[:n-3], "/"), parts[n-3]}, parts[n-2], parts[n-1]
}

func errPlace(id string) error { return fmt.Errorf("%q is no key of a Secret", id) }

// Write sets one key of a Secret.
func (d *Driver) Write(ctx context.Context, p destination.Place, value detect.Secret) error {
	c, secret, key := parse(p.ID)
	if key == "" {
		return errPlace(p.ID)
	}
	return on(d.set(ctx, c, secret, key, value), c, "set "+key+" of the "+p.Title)
}

// Check reads the Secret again.
func (d *Driver) Check(ctx context.Context, p destination.Place, value detect.Secret, _ time.Time) (destination.Proof, error) {
	c, name, key := parse(p.ID)
	if key == "" {
		return "", errPlace(p.ID)
	}
	s, err := d.read(ctx, c, name)
	switch {
	case err != nil:
		return "", on(err, c, "read the "+p.Title)
	case s != nil && string(s.data[key]) == value.Reveal():
		return destination.ReadBack, nil
	}
	return destination.Stale, nil
}

// Redeploy restarts the workloads' pods, one after the other, of the image that runs already.
func (d *Driver) Redeploy(ctx context.Context, u destination.Unit) (destination.Deployment, error) {
	c, workloads := restarts(u)
	_, err := d.kubectl(ctx, c, destination.Call{Args: append([]string{"rollout", "restart"}, workloads...)})
	if err != nil {
		return destination.Deployment{}, on(err, c, "restart "+u.Title)
	}
	return destination.Deployment{Unit: u, ID: strings.Join(workloads, ",")}, nil
}

// Deployed asks for each workload, without waiting.
func (d *Driver) Deployed(ctx context.Context, x destination.Deployment) (destination.Progress, error) {
	c, workloads := restarts(x.Unit)
	all := destination.Progress{State: destination.Live}
	for _, w := range workloads {
		out, err := d.kubectl(ctx, c, destination.Call{Args: []string{"rollout", "status", w, "--watch=false"}})
		switch {
		case says(err, "progress deadline"):
			return destination.Progress{State: destination.Failed, Detail: w + ": its new pods don't start: see kubectl describe " + w + " --namespace " + c.namespace}, nil
		case says(err, "only available for"): // pods that are replaced by hand
			return destination.Progress{State: destination.Failed, Detail: w + " replaces its pods only when they are deleted: delete them one by one"}, nil
		case err != nil:
			return destination.Progress{}, on(err, c, "ask how far the restart of "+w+" is")
		case !strings.Contains(string(out), "successfully rolled out") && !strings.Contains(string(out), "roll out complete") && !strings.Contains(string(out), "update complete"):
			all.State = destination.Deploying
		}
	}
	return all, nil
}

func restarts(u destination.Unit) (scope, []string) {
	c, _, list := parse(u.ID)
	return c, strings.Split(strings.ReplaceAll(list, ":", "/"), ",")
}

// undone says what would undo a change of the Secret, or refuse it.
func (s *secret) undone(u *use, title string) (destination.Problem, bool) {
	var next string
	by := u.filledBy
	for _, o := range s.meta.Owners {
		by = o.Kind + " " + o.Name
	}
	switch {
	case strings.HasPrefix(by, "SealedSecret"):
		next = "seal the new value with kubeseal, and apply it"
	case by != "":
		next = "set the new value in the store that it reads: kubectl describe " + strings.Replace(strings.ToLower(by), " ", "/", 1)
	case s.meta.Labels["reconcile.external-secrets.io/managed"] == "true":
		by, next = "External Secrets", "set the new value in the store that its ExternalSecret reads"
	case s.meta.Annotations["meta.helm.sh/release-name"] != "":
		release := s.meta.Annotations["meta.helm.sh/release-name"]
		by, next = "the Helm release "+release, "set the new value in its values: helm upgrade "+destination.Word(release)+" CHART --reuse-values --values FILE"
	case s.meta.Annotations["argocd.argoproj.io/tracking-id"] != "":
		by, next = "Argo CD", "set the new value where its application takes the Secret from"
	case s.meta.Labels["kustomize.toolkit.fluxcd.io/name"] != "" || s.meta.Labels["helm.toolkit.fluxcd.io/name"] != "":
		by, next = "Flux", "set the new value where Flux takes the Secret from (sops, if it is encrypted in git)"
	case s.immutable:
		return destination.Problem{
			What: "the " + title + " is immutable", Next: "create another Secret with the new value, and name that in " + u.file,
		}, true
	default:
		return destination.Problem{}, false
	}
	return destination.Problem{What: "the " + title + " is filled by " + by + ", which would undo a change", Next: next}, true
}
