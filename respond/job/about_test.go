package job_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/rekey-app/rekey/respond/job"
)

// TestKindsAreAllKinds: what is counted by kind leaves none out.
func TestKindsAreAllKinds(t *testing.T) {
	t.Parallel()
	var declared []string
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range regexp.MustCompile(`\) Kind\(\) string \{ return "(\w+)" \}`).FindAllStringSubmatch(string(text), -1) {
			declared = append(declared, found[1])
		}
	}
	kinds := job.Kinds()
	slices.Sort(declared)
	slices.Sort(kinds)
	if len(declared) == 0 || !slices.Equal(declared, kinds) {
		t.Errorf("the package declares %v, and Kinds returns %v", declared, kinds)
	}
}

// TestOrigins: what is kept with a job is read again; damaged metadata, and that of older versions, name the delivery at least.
func TestOrigins(t *testing.T) {
	t.Parallel()
	origin := job.Origin{Delivery: "g", Received: 7, Trace: "00-1-2-01"}
	args := []byte(`{"guid":"d"}`)
	for _, c := range []struct {
		name     string
		kind     string
		metadata string
		want     job.Origin
	}{
		{"whole", "issue", string(origin.Metadata()), origin},
		{"a delivery's own", "delivery", string(job.Origin{Trace: "t"}.Metadata()), job.Origin{Delivery: "d", Trace: "t"}},
		{"an older version's", "delivery", `{"crashes":1}`, job.Origin{Delivery: "d"}},
		{"damaged", "delivery", `{`, job.Origin{Delivery: "d"}},
		{"none", "issue", ``, job.Origin{}},
	} {
		if got := job.OriginOf(&job.Row{Kind: c.kind, EncodedArgs: args, Metadata: []byte(c.metadata)}); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	if m := (job.Origin{}).Metadata(); m != nil {
		t.Errorf("nothing to say is kept as %s", m)
	}
}
