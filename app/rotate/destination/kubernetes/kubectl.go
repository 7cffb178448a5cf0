package kubernetes

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination"
	"github.com/rekey-app/rekey/detect"
)

// logins are the variables that kubectl, and the programs that it asks for a login, need.
var logins = []string{
	"KUBECONFIG", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_ACCESS_KEY_ID",
	"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "CLOUDSDK_ACTIVE_CONFIG_NAME", "USE_GKE_GCLOUD_AUTH_PLUGIN",
	"AZURE_CONFIG_DIR", "AAD_LOGIN_METHOD", "DIGITALOCEAN_ACCESS_TOKEN", "DIGITALOCEAN_CONTEXT",
}

// kubectl runs the program in a context, which is "" for questions about the configuration itself.
func (d *Driver) kubectl(ctx context.Context, c scope, call destination.Call) ([]byte, error) {
	call.Program, call.Pass = "kubectl", logins
	if c.context != "" {
		call.Args = append(call.Args, "--context="+c.context, "--request-timeout=30s")
	}
	if c.namespace != "" {
		call.Args = append(call.Args, "--namespace="+c.namespace)
	}
	return d.tools.Twice(ctx, call) //nolint:wrapcheck // callers say what it was for
}

// scope is a namespace of the cluster of a context.
type scope struct{ context, namespace string }

func (d *Driver) current(ctx context.Context) (string, error) {
	out, err := d.kubectl(ctx, scope{}, destination.Call{Args: []string{"config", "current-context"}})
	return strings.TrimSpace(string(out)), err
}

// secret is a Secret of a cluster, whole: what is not known here is written back as it was read.
type secret struct {
	whole map[string]json.RawMessage
	meta  struct {
		Namespace   string            `json:"namespace"`
		Labels      map[string]string `json:"labels"`
		Annotations map[string]string `json:"annotations"`
		Owners      []struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"ownerReferences"`
	}
	data      map[string][]byte
	immutable bool
}

// read returns nil for one that is not there.
func (d *Driver) read(ctx context.Context, c scope, name string) (*secret, error) {
	out, err := d.kubectl(ctx, c, destination.Call{Args: []string{"get", "secret", name, "--output=json", "--ignore-not-found"}})
	if err != nil || len(strings.TrimSpace(string(out))) == 0 {
		return nil, err
	}
	s := &secret{}
	if json.Unmarshal(out, &s.whole) != nil || json.Unmarshal(s.whole["metadata"], &s.meta) != nil {
		return nil, fmt.Errorf("kubectl get secret %s: its answer holds no Secret", name)
	}
	if data, ok := s.whole["data"]; ok && json.Unmarshal(data, &s.data) != nil {
		return nil, fmt.Errorf("kubectl get secret %s: its answer holds no Secret", name)
	}
	_ = json.Unmarshal(s.whole["immutable"], &s.immutable) // most have none
	return s, nil
}

var (
	errConflict = errors.New("somebody else keeps changing the Secret: try again in a minute")
	errGone     = errors.New("the Secret is no longer there: see kubectl get secrets")
)

const attempts = 4 // to write before somebody else does

// set changes one key. The whole object is written over standard input, with the version that was read: the server refuses it if somebody else
// has changed it since. kubectl patch reads no standard input where there is no /dev/stdin, and kubectl apply and replace would
// keep the value in an annotation.
func (d *Driver) set(ctx context.Context, c scope, name, key string, value detect.Secret) error {
	for range attempts {
		s, err := d.read(ctx, c, name)
		switch {
		case err != nil:
			return err
		case s == nil:
			return errGone
		case string(s.data[key]) == value.Reveal():
			return nil
		}
		if s.data == nil {
			s.data = map[string][]byte{}
		}
		s.data[key] = []byte(value.Reveal())
		if s.whole["data"], err = json.Marshal(s.data); err != nil {
			return errors.New("the Secret can't be written as JSON") // the error may quote it
		}
		body, err := json.Marshal(s.whole)
		if err != nil {
			return errors.New("the Secret can't be written as JSON")
		}
		_, err = d.kubectl(ctx, scope{context: c.context}, destination.Call{
			Args:  []string{"replace", "--raw=/api/v1/namespaces/" + c.namespace + "/secrets/" + name, "--filename=-"},
			Input: body, Secret: detect.NewSecret(base64.StdEncoding.EncodeToString([]byte(value.Reveal()))),
		})
		if !says(err, "conflict", "has been modified") {
			return err
		}
	}
	return errConflict
}

// object is a workload, or a list of them.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Name string `json:"name"`
	} `json:"metadata"`
	Spec struct {
		Template struct {
			Spec struct {
				Containers     []container `json:"containers"`
				InitContainers []container `json:"initContainers"`
			} `json:"spec"`
		} `json:"template"`
	} `json:"spec"`
	Items []object `json:"items"`
}

type container struct {
	Image string `json:"image"`
}

// present returns those of the workloads that are in the cluster, and their images whose tags move: a pod that is started again may run a newer one.
func (d *Driver) present(ctx context.Context, c scope, workloads []string) (here, moving []string, err error) {
	if len(workloads) == 0 {
		return nil, nil, nil
	}
	out, err := d.kubectl(ctx, c, destination.Call{Args: append(append([]string{"get"}, workloads...), "--output=json", "--ignore-not-found")})
	if err != nil || len(strings.TrimSpace(string(out))) == 0 {
		return nil, nil, err
	}
	var all object
	if json.Unmarshal(out, &all) != nil {
		return nil, nil, errors.New("kubectl get: its answer is not JSON")
	}
	for _, o := range append(all.Items, all) { // one alone is no list
		w := strings.ToLower(o.Kind) + "/" + o.Metadata.Name
		if !slices.Contains(workloads, w) {
			continue
		}
		here = append(here, w)
		for _, c := range slices.Concat(o.Spec.Template.Spec.InitContainers, o.Spec.Template.Spec.Containers) {
			if moves(c.Image) && !slices.Contains(moving, c.Image) {
				moving = append(moving, destination.Quote(c.Image, detect.Secret{}))
			}
		}
	}
	return here, moving, nil
}

// moves reports whether an image is named by a tag that is moved to each newer one, by what tags of releases are called.
func moves(image string) bool {
	_, tag, tagged := strings.Cut(image[strings.LastIndexByte(image, '/')+1:], ":")
	return !strings.Contains(image, "@") && (!tagged || !strings.ContainsAny(tag, "0123456789"))
}

// says reports whether a program failed with one of these words.
func says(err error, words ...string) bool {
	var failed *destination.ToolError
	if !errors.As(err, &failed) {
		return false
	}
	said := strings.ToLower(failed.Said)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(said, w) })
}

// next is what a person does about an error.
func next(err error, c scope) string {
	switch {
	case errors.Is(err, destination.ErrNotInstalled):
		return "install it (https://kubernetes.io/docs/tasks/tools), and choose the cluster with kubectl config use-context"
	case says(err, "current-context is not set", "does not exist", "no configuration has been provided"):
		return "see kubectl config get-contexts, choose the cluster that it runs in with kubectl config use-context"
	case says(err, "forbidden"):
		return "see kubectl auth can-i update secrets --context " + destination.Word(c.context) + "; ask whoever runs the cluster for that right"
	case says(err, "unauthorized", "logged in", "credentials", "expired", "token"):
		return "log in to the cluster again as its provider says (aws sso login, gcloud auth login, az login), and try kubectl get secrets --context " + destination.Word(c.context)
	}
	return "try kubectl get secrets --context " + destination.Word(c.context)
}

// on says of what an error is, and what to do.
func on(err error, c scope, doing string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s: %w; %s", doing, err, next(err, c))
}
