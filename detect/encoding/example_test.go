package encoding_test

import (
	"fmt"

	"github.com/rekey-app/rekey/detect/encoding"
)

func Example() {
	// Base64 in a string that goes on in the next line, in the middle of a program.
	text := []byte("data = \"aGVs\" +\n  \"bG8h\";")
	run := encoding.Collect(text, 8, encoding.IsBase64, 100, 100, true)
	d := run.Base64(text, 0)
	from, to := d.Span(4, 6)
	fmt.Printf("%s: %s, of which %q is written %q\n", d.Encoding, d.Text, d.Text[4:6], text[from:to])

	c, n, form := encoding.Unescape([]byte(`a\\u005fb`), 1)
	fmt.Printf("%c in %d bytes: %s\n", c, n, form.Names()[0])
	// Output:
	// base64: hello!, of which "o!" is written "G8h"
	// _ in 7 bytes: unicode-escape
}
