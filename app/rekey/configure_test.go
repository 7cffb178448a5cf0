package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/rekey-app/rekey/app/config"
)

const configureIntroduction = `# Settings

<!-- Written from the code: go test ./app/rekey -run TestConfigurePage -update -->

Each setting of ` + "`rekey serve`" + ` is an environment variable and a flag; the flag wins. Secrets are better read from files, whose variables
end in ` + "`_FILE`" + `: command lines and environments can be read by more people than you think. All settings that are wrong are reported at
once, and ` + "`rekey doctor`" + ` checks what they lead to. They are read at the start only.

What repositories and organisations decide for themselves is in their [policy](policy.md). Traces of OpenTelemetry have the standard
` + "`OTEL_*`" + ` variables, and ` + "`GOMEMLIMIT`" + ` limits memory where the container or unit doesn't.

| setting | default | |
| --- | --- | --- |
`

// TestConfigurePage holds docs/configure.md to the settings that exist.
func TestConfigurePage(t *testing.T) {
	t.Parallel()
	var flags config.Flags
	parser, err := kong.New(&flags)
	if err != nil {
		t.Fatal(err)
	}
	var page strings.Builder
	page.WriteString(configureIntroduction)
	for _, f := range parser.Model.Flags {
		if len(f.Envs) == 0 {
			continue
		}
		help, fallback, _ := strings.Cut(f.Help, " Default: ")
		fallback, more, _ := strings.Cut(strings.TrimSuffix(fallback, "."), ". ")
		if more != "" {
			help += " " + more + "."
		}
		switch {
		case f.Default != "":
			fallback = "`" + f.Default + "`"
		case f.IsBool():
			fallback = "off"
		}
		fmt.Fprintf(&page, "| `%s`<br>`--%s` | %s | %s |\n", f.Envs[0], f.Name, fallback, strings.ReplaceAll(help, "|", "\\|"))
	}
	if *update {
		if err := os.WriteFile("../../docs/configure.md", []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if document(t, "docs/configure.md") != page.String() {
		t.Error("docs/configure.md is not what the code says: go test ./app/rekey -run TestConfigurePage -update")
	}
}
