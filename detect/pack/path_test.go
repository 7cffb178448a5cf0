package pack

import (
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/budget"
)

func TestLongPathsAreCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("d/", 3000) + "config/prod.env"
	cut := pathOf(strings.Split(long, "/"))
	if len(cut) > budget.PathEnd+40 || !strings.HasSuffix(cut, "/config/prod.env") || cut == pathOf(strings.Split("e/"+long, "/")) {
		t.Errorf("cut to %q", cut)
	}
	if name := shortName([]byte(strings.Repeat("é", 5000))); len(name) > budget.PathEnd+40 {
		t.Errorf("a name of %d bytes", len(name))
	}
	if p := pathOf([]string{"a", "\xffb"}); p != "a/\xffb" {
		t.Errorf("path %q", p)
	}
}
