package recovery

import "context"

// Pass makes one pass of a server that runs.
func Pass(ctx context.Context, r *Recoverer) (Result, error) { return r.pass(ctx, order{}) }
