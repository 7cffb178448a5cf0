package gcp

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

// logins are the variables that the program takes a login from.
var logins = []string{
	"CLOUDSDK_CONFIG", "CLOUDSDK_ACTIVE_CONFIG_NAME", "CLOUDSDK_CORE_PROJECT", "CLOUDSDK_CORE_ACCOUNT", "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE",
	"CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE", "CLOUDSDK_PYTHON", "GOOGLE_APPLICATION_CREDENTIALS",
}

func (d *Driver) gcloud(ctx context.Context, c destination.Call) ([]byte, error) {
	c.Program, c.Pass, c.Args = "gcloud", logins, append(c.Args, "--quiet")
	return d.tools.Twice(ctx, c) //nolint:wrapcheck // callers say what it was for
}

// settings are what gcloud is set to.
type settings struct {
	Core struct {
		Account string `json:"account"`
		Project string `json:"project"`
	} `json:"core"`
}

func (d *Driver) settings(ctx context.Context) (s settings, err error) {
	out, err := d.gcloud(ctx, destination.Call{Args: []string{"config", "list", "--format=json"}})
	if err == nil && json.Unmarshal(out, &s) != nil {
		err = errors.New("gcloud config list: its answer is not JSON")
	}
	return s, err
}

// access reads the latest version of a secret. The program gives it in base64, of which kind its versions do not agree.
func (d *Driver) access(ctx context.Context, project, secret string) (string, error) {
	out, err := d.gcloud(ctx, destination.Call{
		Args: []string{"secrets", "versions", "access", "latest", "--secret=" + secret, "--project=" + project, "--format=get(payload.data)"},
	})
	if err != nil {
		return "", err
	}
	text := strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimSpace(string(out)))
	value, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", fmt.Errorf("gcloud secrets versions access: its answer for %s is not base64", secret)
	}
	return string(value), nil
}

func (d *Driver) add(ctx context.Context, project, secret string, value detect.Secret) error {
	_, err := d.gcloud(ctx, destination.Call{
		Args:  []string{"secrets", "versions", "add", secret, "--project=" + project, "--data-file=-"},
		Input: []byte(value.Reveal()), Secret: value,
	})
	return err
}

// service is one on Cloud Run, as far as it matters here.
type service struct {
	Metadata struct {
		Name       string            `json:"name"`
		Labels     map[string]string `json:"labels"`
		Generation int64             `json:"generation"`
	} `json:"metadata"`
	Spec struct {
		Template struct {
			Spec struct {
				Containers []struct {
					Image string `json:"image"`
					Env   []struct {
						Name      string `json:"name"`
						ValueFrom struct {
							SecretKeyRef struct {
								Name string `json:"name"`
								Key  string `json:"key"` // the version
							} `json:"secretKeyRef"`
						} `json:"valueFrom"`
					} `json:"env"`
				} `json:"containers"`
			} `json:"spec"`
		} `json:"template"`
		Traffic []traffic `json:"traffic"`
	} `json:"spec"`
	Status struct {
		ObservedGeneration int64  `json:"observedGeneration"`
		URL                string `json:"url"`
		Ready              string `json:"latestReadyRevisionName"`
		Created            string `json:"latestCreatedRevisionName"`
		Conditions         []struct {
			Type    string `json:"type"`
			Status  string `json:"status"`
			Message string `json:"message"`
		} `json:"conditions"`
	} `json:"status"`
}

// traffic is which part of the requests a revision gets.
type traffic struct {
	LatestRevision bool `json:"latestRevision"`
	Percent        int  `json:"percent"`
}

func (s service) region() string { return s.Metadata.Labels["cloud.googleapis.com/location"] }

// latest reports whether all requests go to the newest revision.
func (s service) latest() bool {
	return slices.Contains(s.Spec.Traffic, traffic{true, 100})
}

// takes reports whether a new revision of the service has the code that runs, and gets all requests: the newest revision runs, and there is no more than one
// image that is named by a tag, which may have been moved since.
func (s service) takes() bool {
	images := s.Spec.Template.Spec.Containers
	return s.latest() && s.Status.Ready == s.Status.Created && (len(images) == 1 || s.pinned())
}

// pinned reports whether all images are named by what is in them.
func (s service) pinned() bool {
	for _, c := range s.Spec.Template.Spec.Containers {
		if !strings.Contains(c.Image, "@sha256:") {
			return false
		}
	}
	return true
}

// image returns the one that a revision runs, by what is in it.
func (d *Driver) image(ctx context.Context, at unitID, revision string) (string, error) {
	out, err := d.gcloud(ctx, destination.Call{Args: []string{"run", "revisions", "describe", revision, "--region=" + at.region, "--project=" + at.project, "--format=json"}})
	if err != nil {
		return "", err
	}
	var got struct {
		Status struct {
			Digest string `json:"imageDigest"`
		} `json:"status"`
	}
	if json.Unmarshal(out, &got) != nil || !strings.Contains(got.Status.Digest, "@sha256:") {
		return "", fmt.Errorf("gcloud run revisions describe: its answer does not say which image %s runs", revision)
	}
	return got.Status.Digest, nil
}

// reads returns the variable in which the service has the secret, and which version of it; "" for none.
func (s service) reads(secret string) (variable, version string) {
	for _, c := range s.Spec.Template.Spec.Containers {
		for _, e := range c.Env {
			if ref := e.ValueFrom.SecretKeyRef; ref.Name == secret {
				return e.Name, ref.Key
			}
		}
	}
	return "", ""
}

// services finds one by its name, in all regions.
func (d *Driver) services(ctx context.Context, project, name string) (found []service, err error) {
	out, err := d.gcloud(ctx, destination.Call{Args: []string{"run", "services", "list", "--filter=metadata.name=" + name, "--project=" + project, "--format=json"}})
	if err != nil {
		return nil, err
	}
	if json.Unmarshal(out, &found) != nil {
		return nil, errors.New("gcloud run services list: its answer is not JSON")
	}
	return found, nil
}

func (d *Driver) describe(ctx context.Context, at unitID) (s service, err error) {
	out, err := d.gcloud(ctx, destination.Call{Args: []string{"run", "services", "describe", at.service, "--region=" + at.region, "--project=" + at.project, "--format=json"}})
	if err == nil && json.Unmarshal(out, &s) != nil {
		err = errors.New("gcloud run services describe: its answer is not JSON")
	}
	return s, err
}

// says reports whether the program failed with one of these words.
func says(err error, words ...string) bool {
	var failed *destination.ToolError
	if !errors.As(err, &failed) {
		return false
	}
	said := strings.ToLower(failed.Said)
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(said, w) })
}

func loggedOut(err error) bool {
	return says(err, "active account", "reauthentication", "auth tokens", "gcloud auth login", "unauthenticated", "invalid_grant")
}

func denied(err error) bool {
	return says(err, "permission_denied", "permission denied", "does not have permission")
}

// next is what a person does about an error.
func next(err error) string {
	switch {
	case errors.Is(err, destination.ErrNotInstalled):
		return "install the Google Cloud CLI (https://cloud.google.com/sdk/docs/install), and run gcloud auth login"
	case loggedOut(err):
		return "run gcloud auth login"
	case denied(err):
		return "run gcloud auth list; the account needs the roles Secret Manager Secret Accessor and Secret Version Adder on it, and Cloud Run Developer on the service"
	case says(err, "not_found", "not found"):
		return "set the project that has it with gcloud config set project"
	}
	return "try gcloud secrets list"
}

// on says of what an error is, and what to do.
func on(err error, doing string) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%s: %w; %s", doing, err, next(err))
}
