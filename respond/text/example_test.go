package text_test

import (
	"fmt"

	"github.com/rekey-app/rekey/respond/text"
)

// Comments hold commands only where a person would take them for one.
func ExampleParseCommand() {
	for _, body := range []string{"/rekey ignore a decoy of our own", "> /rekey rotated", "`/rekey rotated`"} {
		kind, reason, found := text.ParseCommand(body)
		fmt.Printf("%t %q %q\n", found, kind, reason)
	}
	// Output:
	// true "ignore" "a decoy of our own"
	// false "" ""
	// false "" ""
}
