package read

import (
	"testing"

	"github.com/rekey-app/rekey/detect/pack"
	"github.com/rekey-app/rekey/respond"
)

// TestSourcesAreNamedAsPackNamesThem: a sighting's source goes from one package's words into the other's.
func TestSourcesAreNamedAsPackNamesThem(t *testing.T) {
	t.Parallel()
	for theirs, ours := range map[pack.Source]respond.Source{pack.InBlob: respond.InBlob, pack.InMessage: respond.InMessage, pack.InTag: respond.InTag} {
		if string(theirs) != string(ours) {
			t.Errorf("%q is called %q", theirs, ours)
		}
	}
}
