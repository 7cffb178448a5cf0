package kubernetes

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest"
	"github.com/rekey-app/rekey/app/rotate/destination/kubernetes/kubernetestest"
	"github.com/rekey-app/rekey/detect"
)

func TestMain(m *testing.M) {
	destinationtest.Main(m, map[string]destinationtest.Program{"kubectl": kubernetestest.Program})
}

// current is called as clusters on EKS are: with slashes in it.
const current = "arn:aws:eks:eu-west-1:123456789012:cluster/shop"

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: prod}
spec:
  template:
    spec:
      containers:
        - name: web
          env:
            - name: CLERK_SECRET_KEY
              valueFrom: {secretKeyRef: {name: clerk, key: secret-key}}
            - name: DATABASE_URL
              valueFrom: {secretKeyRef: {name: db, key: url}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: jobs, namespace: prod}
spec:
  template:
    spec:
      initContainers:
        - name: migrate
          env: [{name: CLERK_SECRET_KEY, valueFrom: {secretKeyRef: {name: clerk, key: secret-key}}}]
`

func machine(t *testing.T, dir string, loggedIn bool) *destination.Machine {
	t.Helper()
	home := t.TempDir()
	if loggedIn {
		if err := os.MkdirAll(filepath.Join(home, ".kube"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(home, kubernetestest.Config), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return &destination.Machine{Environ: []string{"PATH=" + dir, "HOME=" + home}, Home: home, Now: time.Now}
}

func clone(files destinationtest.Files, judge func(string) destination.Holding) destination.Project {
	return destination.Project{Files: files, Variables: []string{"CLERK_SECRET_KEY"}, Environment: detect.Live, Judge: judge}
}

func TestDriver(t *testing.T) {
	t.Parallel()
	destinationtest.Run(t, func(t *testing.T, judge func(string) destination.Holding, compromised string) *destinationtest.World {
		t.Helper()
		dir := destinationtest.Install(t, "kubectl")
		destinationtest.Memory(t, dir, func(m *kubernetestest.Memory) {
			*m = kubernetestest.Memory{
				Context: current, Namespace: "default", Workloads: map[string]string{"prod/deployment/web": "live", "prod/statefulset/jobs": "live"},
				Secrets: map[string]kubernetestest.Secret{
					"prod/clerk": {Version: 7, Data: map[string][]byte{"CLERK_SECRET_KEY": []byte(compromised), "other": {0, 255}}, Meta: map[string]any{
						"annotations": map[string]any{"kubectl.kubernetes.io/last-applied-configuration": "{}"}, "uid": "0-1",
					}},
					"prod/db": {Data: map[string][]byte{"url": []byte("postgres://db")}},
				},
			}
		})
		memory := func(change func(*kubernetestest.Memory)) { destinationtest.Memory(t, dir, change) }
		return &destinationtest.World{
			Machine:   machine(t, dir, true),
			LoggedOut: machine(t, dir, false),
			Driver:    func(m *destination.Machine) destination.Driver { return New(m) },
			Project:   clone(destinationtest.Files{"k8s/web.yaml": strings.ReplaceAll(deployment, "secret-key", "CLERK_SECRET_KEY")}, judge),
			Unused: clone(destinationtest.Files{
				"k8s/web.yaml": strings.ReplaceAll(deployment, "CLERK_SECRET_KEY", "STRIPE_KEY"), ".github/workflows/ci.yml": "env:\n  CLERK_SECRET_KEY: x\n",
			}, judge),
			Values: func() map[string]string {
				all := map[string]string{}
				memory(func(m *kubernetestest.Memory) {
					for at, s := range m.Secrets {
						for key, value := range s.Data {
							all[at+"/"+key] = string(value)
						}
						all[at+" meta"] = fmt.Sprint(s.Meta)
					}
				})
				return all
			},
			Key:      func(p destination.Place) string { return strings.TrimPrefix(p.ID, current+"/") },
			Requests: func() int { return destinationtest.Runs(t, dir) },
			Seen:     func() string { return destinationtest.Calls(t, dir) },
			Trouble: func(trouble destinationtest.Trouble) {
				memory(func(m *kubernetestest.Memory) { m.Trouble = trouble })
			},
			Finish: func(works bool) {
				memory(func(m *kubernetestest.Memory) {
					m.Workloads["prod/statefulset/jobs"] = "live"
					m.Workloads["prod/deployment/web"] = map[bool]string{true: "live", false: "stuck"}[works]
				})
			},
			Overwrite: func(p destination.Place, value string) {
				memory(func(m *kubernetestest.Memory) { m.Secrets["prod/clerk"].Data["CLERK_SECRET_KEY"] = []byte(value) })
			},
			Readable: true,
		}
	})
}

// What fills a Secret is named, and the Secret is not written.
func TestASecretThatSomethingFillsIsNoPlace(t *testing.T) {
	t.Parallel()
	annotated := func(key, value string) kubernetestest.Secret {
		return kubernetestest.Secret{Meta: map[string]any{"annotations": map[string]any{key: value}}}
	}
	labelled := func(key, value string) kubernetestest.Secret {
		return kubernetestest.Secret{Meta: map[string]any{"labels": map[string]any{key: value}}}
	}
	const sealed = "apiVersion: bitnami.com/v1alpha1\nkind: SealedSecret\nmetadata: {name: clerk, namespace: prod}\nspec: {encryptedData: {secret-key: AgB}}\n"
	for name, test := range map[string]struct {
		secret kubernetestest.Secret
		more   string // manifests
		want   string
	}{
		"owner":     {kubernetestest.Secret{Meta: map[string]any{"ownerReferences": []map[string]any{{"kind": "ExternalSecret", "name": "clerk-es"}}}}, "", "kubectl describe externalsecret/clerk-es"},
		"manifest":  {kubernetestest.Secret{}, sealed, "kubeseal"},
		"label":     {labelled("reconcile.external-secrets.io/managed", "true"), "", "External Secrets"},
		"helm":      {annotated("meta.helm.sh/release-name", "shop"), "", "helm upgrade shop"},
		"argo":      {annotated("argocd.argoproj.io/tracking-id", "shop:/Secret:prod/clerk"), "", "Argo CD"},
		"flux":      {labelled("kustomize.toolkit.fluxcd.io/name", "shop"), "", "Flux"},
		"immutable": {kubernetestest.Secret{Immutable: true}, "", "create another Secret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := destinationtest.Install(t, "kubectl")
			test.secret.Data = map[string][]byte{"secret-key": []byte("x")}
			destinationtest.Memory(t, dir, func(m *kubernetestest.Memory) {
				m.Context, m.Namespace, m.Secrets = "kind", "default", map[string]kubernetestest.Secret{"prod/clerk": test.secret}
			})
			s := New(machine(t, dir, true)).Look(t.Context(), clone(destinationtest.Files{"web.yaml": deployment, "more.yaml": test.more}, nil))
			if len(s.Places) > 0 || len(s.Problems) != 1 || !strings.Contains(s.Problems[0].What+s.Problems[0].Next, test.want) {
				t.Errorf("%+v, want %q", s, test.want)
			}
		})
	}
}

func TestWhereSecretsAreLookedFor(t *testing.T) {
	t.Parallel()
	const envFrom = "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: nightly}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{envFrom: [{prefix: CLERK_, secretRef: {name: env}}]}]}}}}}\n"
	held := kubernetestest.Secret{Data: map[string][]byte{"SECRET_KEY": []byte("v"), "CLERK_SECRET_KEY": []byte("v")}}
	for name, test := range map[string]struct {
		files   destinationtest.Files
		secrets map[string]kubernetestest.Secret
		want    []string
	}{
		"the context's namespace": {destinationtest.Files{"job.yaml": envFrom}, map[string]kubernetestest.Secret{"default/env": held}, []string{"kind/default/env/SECRET_KEY by hand"}},
		"kustomize": {
			destinationtest.Files{"job.yaml": envFrom, "overlays/eu/kustomization.yaml": "namespace: eu\n", "overlays/us/kustomization.yml": "namespace: us\n"},
			map[string]kubernetestest.Secret{"eu/env": held, "us/env": held, "default/env": held},
			[]string{"kind/eu/env/SECRET_KEY by hand", "kind/us/env/SECRET_KEY by hand"},
		},
		"a Secret's manifest": {
			destinationtest.Files{"s.yaml": "apiVersion: v1\nkind: Secret\nmetadata: {name: env}\nstringData: {CLERK_SECRET_KEY: change-me}\n"},
			map[string]kubernetestest.Secret{"default/env": held},
			[]string{"kind/default/env/CLERK_SECRET_KEY by hand"},
		},
		"another cluster": {destinationtest.Files{"web.yaml": deployment}, nil, []string{"the context kind has no Secret clerk in the namespace prod, which web.yaml names"}},
		"a chart":         {destinationtest.Files{"chart/templates/web.yaml": "apiVersion: v1\nname: {{ .Release.Name }}\nenv: CLERK_SECRET_KEY\n"}, nil, []string{"Helm chart"}},
		"a flag":          {destinationtest.Files{"web.yaml": strings.ReplaceAll(deployment, "name: clerk,", "name: --all,")}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := destinationtest.Install(t, "kubectl")
			destinationtest.Memory(t, dir, func(m *kubernetestest.Memory) {
				m.Context, m.Namespace, m.Secrets = "kind", "default", test.secrets
			})
			s := New(machine(t, dir, true)).Look(t.Context(), clone(test.files, func(string) destination.Holding { return destination.Same }))
			var got []string
			for _, p := range s.Problems {
				got = append(got, p.What)
			}
			for _, p := range s.Places {
				got = append(got, p.ID+" "+string(p.Unit.Takes))
			}
			if !slices.EqualFunc(got, test.want, strings.Contains) {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}

func TestManifestsAreJoined(t *testing.T) {
	t.Parallel()
	f := scan(clone(destinationtest.Files{"k8s/web.yaml": deployment, "broken.yaml": "apiVersion: v1\n\tx"}, nil))
	want := &use{name: "clerk", namespace: "prod", file: "k8s/web.yaml", keys: []string{"secret-key"}, workloads: []string{"deployment/web", "statefulset/jobs"}}
	if len(f.uses) != 1 || !reflect.DeepEqual(f.uses[0], want) {
		t.Errorf("%+v", f.uses)
	}
}

// Somebody else changes another key between our read and our write: both changes stay.
func TestAnotherWriterLosesNothing(t *testing.T) {
	t.Parallel()
	dir := destinationtest.Install(t, "kubectl")
	destinationtest.Memory(t, dir, func(m *kubernetestest.Memory) {
		m.Context, m.Meddler = "kind", true
		m.Secrets = map[string]kubernetestest.Secret{"prod/clerk": {Data: map[string][]byte{"secret-key": []byte("old")}}}
	})
	if err := New(machine(t, dir, true)).Write(t.Context(), destination.Place{ID: "kind/prod/clerk/secret-key"}, detect.NewSecret("new")); err != nil {
		t.Fatal(err)
	}
	destinationtest.Memory(t, dir, func(m *kubernetestest.Memory) {
		want := map[string][]byte{"secret-key": []byte("new"), "theirs": []byte("t")}
		if got := m.Secrets["prod/clerk"].Data; !maps.EqualFunc(got, want, slices.Equal) {
			t.Errorf("%q", got)
		}
	})
}

// A restart that may start a newer image is a person's to make.
func TestARestartShipsNothingNewer(t *testing.T) {
	t.Parallel()
	for image, want := range map[string]destination.Takes{
		"shop": destination.TakesByHand, "shop:latest": destination.TakesByHand, "registry:5000/shop": destination.TakesByHand, "registry:5000/shop:main": destination.TakesByHand,
		"shop:v1.2": destination.TakesByRedeploy, "ghcr.io/acme/shop:sha-3f2a91b": destination.TakesByRedeploy, "shop:latest@sha256:3f2a": destination.TakesByRedeploy,
	} {
		alone, _, _ := strings.Cut(deployment, "---")
		for _, file := range []string{deployment, alone} { // two workloads, and one alone
			dir := destinationtest.Install(t, "kubectl")
			destinationtest.Memory(t, dir, func(m *kubernetestest.Memory) {
				m.Context, m.Secrets = "kind shop", map[string]kubernetestest.Secret{"prod/clerk": {Data: map[string][]byte{"secret-key": []byte("x")}}}
				m.Workloads = map[string]string{"prod/deployment/web": "live", "prod/statefulset/jobs": "live"}
				m.Images = map[string]string{"prod/deployment/web": image}
			})
			s := New(machine(t, dir, true)).Look(t.Context(), clone(destinationtest.Files{"web.yaml": file}, func(string) destination.Holding { return destination.Compromised }))
			if len(s.Places) != 1 || len(s.Problems) > 0 || s.Places[0].Unit.Takes != want {
				t.Errorf("%s: %+v", image, s)
				continue
			}
			if by := s.Places[0].Unit.ByHand; by != "" && (!strings.Contains(by, "--namespace prod --context 'kind shop'.") || !strings.Contains(by, "the tag of "+image+" may have moved")) {
				t.Errorf("%s: %s", image, by)
			}
		}
	}
}

// A cluster that can't be reached is asked once for all, since each question takes its time.
func TestAClusterThatIsAwayIsAskedOnce(t *testing.T) {
	t.Parallel()
	dir := destinationtest.Install(t, "kubectl")
	destinationtest.Memory(t, dir, func(m *kubernetestest.Memory) { m.Context, m.Trouble = "kind", destinationtest.Down })
	files := destinationtest.Files{}
	for n := range 10 {
		files[fmt.Sprintf("web%d.yaml", n)] = strings.ReplaceAll(deployment, "name: clerk,", fmt.Sprintf("name: clerk%d,", n))
	}
	m := machine(t, dir, true)
	m.Pause = time.Millisecond
	s := New(m).Look(t.Context(), clone(files, nil))
	if runs := destinationtest.Runs(t, dir); len(s.Problems) != 1 || runs > 3 {
		t.Errorf("%d runs, %+v", runs, s.Problems)
	}
}
