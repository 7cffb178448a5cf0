package publish

import (
	"context"
	"errors"

	"github.com/rekey-app/rekey/respond"
	"github.com/rekey-app/rekey/respond/checks"
	"github.com/rekey-app/rekey/respond/ledger"
	"github.com/rekey-app/rekey/respond/text"
)

// exposure is what the latest audit says of a leak that an advisory causes.
func exposure(ctx context.Context, tx Tx, l respond.Leak) (e text.Exposure, err error) {
	if l.Kind != respond.ExposedKey {
		return e, nil
	}
	e.Advisory = checks.Advisory(l.Redacted)
	last, err := tx.Audit(ctx, l.Repository)
	if errors.Is(err, ledger.ErrNotFound) {
		return e, nil
	}
	e.Head = last.Head
	for _, f := range last.Findings {
		if f.Check == l.Redacted {
			e.Findings = append(e.Findings, f)
		}
	}
	e.Fixed = len(e.Findings) == 0 && len(last.Gaps) == 0 && last.Manifests != ""
	return e, err
}
