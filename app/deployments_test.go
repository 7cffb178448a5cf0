package app

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"

	"github.com/rekey-app/rekey/app/config"
)

// TestDeploymentsNameSettings holds each setting that a file for deployment names against those that exist.
func TestDeploymentsNameSettings(t *testing.T) {
	t.Parallel()
	settings := map[string]bool{}
	for field := range reflect.TypeFor[config.Flags]().Fields() {
		settings[field.Tag.Get("env")] = true
	}
	inCompose := map[string]bool{"REKEY_UID": true, "REKEY_GID": true} // for the file itself
	name := regexp.MustCompile(`\bREKEY_[A-Z_]+\b`)
	named := 0
	err := filepath.WalkDir("../deploy", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".go") {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, n := range name.FindAllString(string(text), -1) {
			if named++; !settings[n] && !inCompose[n] {
				t.Errorf("%s names %s, which is no setting", path, n)
			}
		}
		return nil
	})
	if err != nil || named < 30 {
		t.Errorf("%d names of settings: %v", named, err)
	}
}

// TestAlertsNameMetrics holds each metric of the alerts and of the dashboard against docs/metrics.md, which TestMetrics holds against a
// server.
func TestAlertsNameMetrics(t *testing.T) {
	t.Parallel()
	table, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	histogram := regexp.MustCompile(`_(bucket|count|sum)$`)
	for _, path := range []string{"../deploy/prometheus/rules.yaml", "../deploy/grafana/rekey.json", "../deploy/helm/rekey/values.yaml"} {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\brekey_[a-z_]+`).FindAllString(string(text), -1) {
			made := m == "rekey_queue_oldest_job_age_seconds" // by the rule for prometheus-adapter
			if !made && !strings.Contains(string(table), "| `"+histogram.ReplaceAllString(m, "")+"` |") {
				t.Errorf("%s names %s, which is no metric", path, m)
			}
		}
	}
}

// TestDeploymentsAreReadable parses what no tool of CI reads.
func TestDeploymentsAreReadable(t *testing.T) {
	t.Parallel()
	parse := map[string]func([]byte) error{
		"../deploy/fly/fly.toml":           func(b []byte) error { return toml.Unmarshal(b, &map[string]any{}) },
		"../deploy/render/render.yaml":     func(b []byte) error { return yaml.Unmarshal(b, &map[string]any{}) },
		"../deploy/cloud-run/service.yaml": func(b []byte) error { return yaml.Unmarshal(b, &map[string]any{}) },
		"../deploy/grafana/rekey.json":     func(b []byte) error { return json.Unmarshal(b, &map[string]any{}) },
	}
	for path, parse := range parse {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := parse(text); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}
