package cloudflare

import (
	"testing"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		stage, status string
		want          destination.DeploymentState
	}{
		{"queued", "idle", destination.Deploying},
		{"build", "active", destination.Deploying},
		{"build", "success", destination.Deploying},
		{"deploy", "active", destination.Deploying},
		{"deploy", "success", destination.Live},
		{"clone_repo", "failure", destination.Failed},
		{"build", "canceled", destination.Failed},
		{"queued", "skipped", destination.Failed},
	} {
		var d deployment
		d.Stage.Name, d.Stage.Status = test.stage, test.status
		if got := d.progress(); got.State != test.want || (got.State == destination.Failed) != (got.Detail != "") {
			t.Errorf("%s %s: %+v, want %s", test.stage, test.status, got, test.want)
		}
	}
}
