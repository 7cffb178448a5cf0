package guide

import (
	"context"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/format"
)

// Secret is a secret of GitHub Actions that gives the credential to workflows.
type Secret struct {
	Name        string
	Environment string // of the job; "": the repository's, or the organisation's
}

// Secrets returns the secrets of GitHub Actions that hold this kind of credential, as far as the repository's workflows show them; see [For].
func Secrets(ctx context.Context, l Leak, files Files) []Secret {
	if files == nil {
		return nil
	}
	t := plant(ctx, l, files)
	if len(t.matching(workflowFile)) == 0 {
		return nil
	}
	variable := survey(ctx, l, files).variable
	if variable == "" {
		return nil
	}
	_, secrets := workflowSecrets(t, l, variable)
	return secrets
}

// SecretsOf returns the secrets of GitHub Actions that workflows give to a variable: those for keys of that environment, where the names tell. It is
// none where no workflow names the variable.
func SecretsOf(ctx context.Context, variable string, environment detect.Environment, files Files) []Secret {
	l := Leak{Environment: environment}
	t := plant(ctx, l, files)
	if len(t.matching(workflowFile)) == 0 {
		return nil
	}
	_, secrets := workflowSecrets(t, l, variable)
	return secrets
}

// updates says of secrets when they were last set, as far as that is known, and ticks those that were set since the leak was found.
func updates(l Leak, secrets []Secret) string {
	list := ""
	for _, s := range secrets {
		at, known := l.Updated[s]
		if !known {
			continue
		}
		name := code(s.Name)
		if s.Environment != "" {
			name += " of the environment " + code(s.Environment)
		}
		if at.After(l.Found) {
			list += "\n- [x] Secret " + name + ": updated on " + format.Date(at)
			continue
		}
		list += "\n- [ ] Secret " + name + ": last updated on " + format.Date(at) + ", not since the leak was found"
	}
	if list == "" {
		return ""
	}
	return "\n" + list
}
