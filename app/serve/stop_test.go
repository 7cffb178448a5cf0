package serve

import (
	"os"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// Whoever stops the server kills it only when it had the time that it may take.
func TestDeploymentsAllowAStop(t *testing.T) {
	t.Parallel()
	for file, setting := range map[string]string{
		"../../deploy/rekey.service": `(?m)^TimeoutStopSec=(\d+)$`, "../../deploy/compose.yaml": `(?m)^    stop_grace_period: (\d+)s$`,
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(setting).FindSubmatch(text)
		if found == nil {
			t.Errorf("%s does not say how long a stop may take", file)
			continue
		}
		seconds, err := strconv.Atoi(string(found[1]))
		if allowed := time.Duration(seconds) * time.Second; err != nil || allowed <= StopWithin {
			t.Errorf("%s allows %s, and a stop takes up to %s", file, allowed, StopWithin)
		}
	}
}
