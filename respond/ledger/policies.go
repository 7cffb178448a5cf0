package ledger

import (
	"context"
	"fmt"
	"time"
)

// KeptPolicy is the last valid policy of an account's .github repository.
type KeptPolicy struct {
	Content []byte // the file, with what looks like a credential masked
	Read    time.Time
	Problem string // why it applies and not the file as it is now; "" where that is the same
}

// KeptPolicy returns the last valid policy of an installation's account; found is false where there is none.
func (tx *Tx) KeptPolicy(ctx context.Context, installation int64) (p KeptPolicy, found bool, err error) {
	found, err = one(ctx, tx, []any{&p.Content, into{&p.Read}, &p.Problem},
		`SELECT content, read, problem FROM policies WHERE installation = $1`, installation)
	if err != nil {
		return KeptPolicy{}, false, fmt.Errorf("ledger: policy of installation %d: %w", installation, err)
	}
	return p, found, nil
}

// KeepPolicy keeps a valid policy.
func (tx *Tx) KeepPolicy(ctx context.Context, installation int64, p KeptPolicy) error {
	_, err := tx.exec(ctx, `INSERT INTO policies (installation, content, read, problem) VALUES ($1, $2, $3, $4)
		ON CONFLICT (installation) DO UPDATE SET content = excluded.content, read = excluded.read, problem = excluded.problem`,
		installation, append([]byte{}, p.Content...), p.Read, p.Problem) // an empty file is one too
	if err != nil {
		return fmt.Errorf("ledger: policy of installation %d: %w", installation, err)
	}
	return nil
}

// DropPolicy forgets the policy of an installation's account: its file was deleted.
func (tx *Tx) DropPolicy(ctx context.Context, installation int64) error {
	if _, err := tx.exec(ctx, `DELETE FROM policies WHERE installation = $1`, installation); err != nil {
		return fmt.Errorf("ledger: policy of installation %d: %w", installation, err)
	}
	return nil
}
