package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/respond/notify"
	"github.com/rekey-app/rekey/respond/policy"
)

// policyFile reads the policy that applies where no repository's or organisation's file says otherwise.
func (f Flags) policyFile() (policy.File, error) {
	const setting = "REKEY_POLICY_FILE"
	if f.PolicyFile == "" {
		return policy.File{}, nil
	}
	text, err := os.ReadFile(f.PolicyFile)
	if err != nil {
		return policy.File{}, &Error{setting, "cannot be read", err.Error()}
	}
	file, err := policy.Parse(text)
	if mistake, ok := errors.AsType[*policy.Error](err); ok {
		return policy.File{}, &Error{setting, fmt.Sprintf("has an error on line %d", mistake.Line), mistake.Message}
	}
	return file, err
}

// target is an entry of the file of notify targets.
type target struct {
	Name   string        `yaml:"name"`
	Format notify.Format `yaml:"format"`
	URL    string        `yaml:"url"`
	Secret string        `yaml:"secret"`

	Accounts []string `yaml:"accounts"`
}

// targets reads whom policies may name in notify. The file is a YAML list of name, format, url and secret.
func (f Flags) targets() ([]notify.Target, error) {
	const setting = "REKEY_NOTIFY_FILE"
	if f.NotifyFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.NotifyFile)
	if err != nil {
		return nil, &Error{setting, "cannot be read", err.Error()}
	}
	var list []target
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		// The library's words may quote the file, which holds secrets.
		return nil, &Error{setting, "is not a list of targets", "write a YAML list of entries with name, format (slack or json), url and, for json, secret"}
	}
	var targets []notify.Target
	known := map[string]bool{}
	for i, t := range list {
		if t.Name == "" || known[t.Name] {
			return nil, &Error{setting, fmt.Sprintf("has an entry %d with no name, or one that is taken", i+1), "give each target a unique name"}
		}
		known[t.Name] = true
		made := notify.Target{Name: t.Name, Format: t.Format, URL: t.URL, Secret: t.Secret, Accounts: t.Accounts}
		if err := made.Validate(); err != nil {
			return nil, &Error{setting, "has an unusable target", err.Error()}
		}
		targets = append(targets, made)
	}
	return targets, nil
}

// unknownTarget is an error where the server's own policy names a target that the server does not have.
func unknownTarget(p policy.File, targets []notify.Target) error {
	for _, n := range p.Notify {
		if !slices.ContainsFunc(targets, func(t notify.Target) bool { return t.Name == n.To }) {
			return &Error{"REKEY_POLICY_FILE", fmt.Sprintf("names the unknown target %q in notify", n.To), "add it to REKEY_NOTIFY_FILE, or remove it"}
		}
	}
	return nil
}
