package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/rekey-app/rekey/respond/job"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/turn"
)

// setTurn sets when a delivery has its turn: deliveries about one branch, one pull request, or what people say in one
// repository are handled in their order; pull requests of strangers come after what was pushed.
func setTurn(d *ledger.Delivery) {
	field := func(path string) gjson.Result { return gjson.GetBytes(d.Body, path) }
	if job.OfText(d.Event) {
		d.Lane = fmt.Sprintf("events of %d", d.Repository)
		return
	}
	switch d.Event {
	case "push":
		d.Head = objectID(field("after"))
		ref := sha256.Sum256([]byte(field("ref").Str)) // a branch may have any name, that of a key too
		d.Lane = fmt.Sprintf("ref %s of %d", hex.EncodeToString(ref[:8]), d.Repository)
	case "pull_request":
		d.Lane = fmt.Sprintf("pull request %d of %d", field("number").Int(), d.Repository)
		d.Class = turn.Stranger
		association := field("pull_request.author_association").Str
		if field("pull_request.head.repo.id").Int() == d.Repository || slices.Contains([]string{"OWNER", "MEMBER", "COLLABORATOR"}, association) {
			d.Class = turn.Member // a turn is all that this decides
		}
	case "gollum", "repository", "secret_scanning_alert", "secret_scanning_alert_location":
		d.Lane = fmt.Sprintf("events of %d", d.Repository)
	case "workflow_run":
		d.Class = turn.Background
	case "installation", "installation_repositories":
		d.Lane = fmt.Sprintf("installation %d", d.Installation)
	}
}
