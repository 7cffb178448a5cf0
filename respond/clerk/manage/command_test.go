package manage_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond/clerk/manage"
)

// TestTheCommandGetsNoSecret: neither in its arguments nor in its environment, and no file of the repository.
func TestTheCommandGetsNoSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, seen := w.byCommand(t, w.token)
	if _, err := p.RotateSecretKeys(t.Context(), app, production, time.Hour, "rekey 0123"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(seen)
	if err != nil {
		t.Fatal(err)
	}
	const want = "[api v1/platform/applications/app_teashop/instances/ins_production/rotate_secret_keys --platform --include -X POST --yes] 0 <nil> "
	if !strings.HasPrefix(string(text), want) {
		t.Errorf("it was run as %.200s", text)
	}
	for _, forbidden := range []string{w.token.Reveal(), "CLERK_PLATFORM_API_KEY", "CLERK_SECRET_KEY", "sk_live_"} {
		if strings.Contains(string(text), forbidden) {
			t.Errorf("it saw %s", forbidden)
		}
	}
	for _, needed := range []string{"CLERK_MODE=agent", "MSYS_NO_PATHCONV=1", "PATH="} {
		if !strings.Contains(string(text), needed) {
			t.Errorf("it did not get %s", needed)
		}
	}
}

func TestTheCommandsOwnFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p, _ := w.byCommand(t, detect.Secret{})
	_, err := p.RotateSecretKeys(t.Context(), app, production, 0, "")
	if !errors.Is(err, manage.ErrUnauthorized) || !strings.HasSuffix(err.Error(), "run `clerk auth login`") || w.posts() != 0 {
		t.Errorf("no login: %v", err)
	}
	if _, err := manage.NewPlatformByCommand(manage.CommandOptions{Path: "clerk-that-nobody-has"}); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("not installed: %v", err)
	}
}
