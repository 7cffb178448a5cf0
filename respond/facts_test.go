package respond_test

import "github.com/rekey-app/rekey/respond/respondtest"

// What most tests are about; see [respondtest].
var (
	shop, monday, head = respondtest.Shop, respondtest.Monday, respondtest.Head

	leak, sighting, pushScan   = respondtest.Leak, respondtest.Sighting, respondtest.PushScan
	with, filed, revoked, told = respondtest.With, respondtest.Filed, respondtest.Revoked, respondtest.Lines
)
