package ledger

import (
	"context"
	"strings"
)

// maxPaths is how many bytes of a leak's paths are searched.
const maxPaths = 4000

// addPaths adds paths to those that a leak is found by.
func (tx *Tx) addPaths(ctx context.Context, leak int64, paths []string) error {
	var known string
	if _, err := one(ctx, tx, []any{&known}, `SELECT paths FROM leak_paths WHERE leak = $1`, leak); err != nil {
		return err
	}
	all := known
	for _, path := range paths {
		path = lowerASCII(clean(path))
		if path == "" || strings.Contains("\n"+all+"\n", "\n"+path+"\n") || len(all)+len(path) >= maxPaths {
			continue
		}
		if all != "" {
			all += "\n"
		}
		all += path
	}
	if all == known {
		return nil
	}
	_, err := tx.exec(ctx, `INSERT INTO leak_paths (leak, paths) VALUES ($1, $2) ON CONFLICT (leak) DO UPDATE SET paths = excluded.paths`, leak, all)
	return err
}
