package intake

import (
	"context"
	"fmt"
	"time"

	"github.com/rekey-app/rekey/github/webhook"
	"github.com/rekey-app/rekey/respond/ledger"
)

// Recovered makes of what GitHub's log of deliveries holds the delivery that a webhook request with it would have been: read and
// refused by the same code, without credentials. There is no signature: GitHub's API was asked for it. received
// is when it should have come. A body that is refused will not get better.
func Recovered(ctx context.Context, guid, event string, body []byte, received time.Time, reading Reading) (ledger.Delivery, error) {
	if len(body) > maxBody {
		return ledger.Delivery{}, fmt.Errorf("the body is larger than %d bytes", maxBody)
	}
	if !Recoverable(guid, event) {
		return ledger.Delivery{}, fmt.Errorf("event %.40q is not used", event)
	}
	d, err := parse(guid, event, body, received)
	if err != nil {
		return ledger.Delivery{}, err
	}
	d.Recovered = true
	reading.take(ctx, &d)
	return d, nil
}

// Recoverable reports whether a delivery of the event would be stored.
func Recoverable(guid, event string) bool {
	return event != "ping" && webhook.Known(event) && isGUID(guid)
}
