package github

import (
	"context"
	"sync"
)

// Spent is what was asked of GitHub, as it counts.
type Spent struct {
	Requests int // of REST
	Points   int // of GraphQL
}

// counter counts under a context. It is safe for concurrent use.
type counter struct {
	mu    sync.Mutex
	spent Spent
}

type counterKey struct{}

// Counted returns a context under which requests of REST and GraphQL are counted, those too that fail, and what tells how many they were.
func Counted(ctx context.Context) (counting context.Context, spent func() Spent) {
	c := &counter{}
	return context.WithValue(ctx, counterKey{}, c), func() Spent {
		c.mu.Lock()
		defer c.mu.Unlock()
		return c.spent
	}
}

// counted counts a request; a query as one point, see [pointsOf].
func counted(ctx context.Context, class class) {
	if class == query || class == mutate {
		count(ctx, Spent{Points: 1})
	} else {
		count(ctx, Spent{Requests: 1})
	}
}

func count(ctx context.Context, more Spent) {
	c, _ := ctx.Value(counterKey{}).(*counter)
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spent.Requests += more.Requests
	c.spent.Points += more.Points
}

// pointsOf is what a query costs: GitHub counts a request for each list that it may have to read, and a point for a hundred of those.
func pointsOf(query string) int {
	switch query {
	case discussionsQuery: // 10 discussions' comments, and the replies to 50 of each
		return 5
	case editedQuery: // the titles of 100 issues or pull requests
		return 2
	}
	return 1
}
