package respond

// For tests.
var (
	AskPause   = askPause
	WatchPause = watchPause
)
