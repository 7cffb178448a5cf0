package queue

import (
	"encoding/json"
	"testing"

	"github.com/riverqueue/river/rivertype"

	"github.com/rekey-app/rekey/respond/job"
)

// TestEverySingletonIsKeptApart: a kind that is missing from singletonArgs runs beside itself, and what is queued meanwhile is lost.
func TestEverySingletonIsKeptApart(t *testing.T) {
	t.Parallel()
	for _, args := range job.All() {
		text, err := json.Marshal(args)
		if err != nil {
			t.Fatal(err)
		}
		got, err := singletonArgs(&rivertype.JobRow{Kind: args.Kind(), EncodedArgs: text})
		if err != nil {
			t.Fatal(err)
		}
		singleton, is := args.(job.Singleton)
		if is != (got != nil) || is && got.Key() != singleton.Key() {
			t.Errorf("%s: %v", args.Kind(), got)
		}
	}
}
