package markdown_test

import (
	"fmt"

	"github.com/rekey-app/rekey/respond/markdown"
)

// Names of files and branches are foreign: none of them becomes a link, a mention or a heading.
func Example() {
	fmt.Println(markdown.Code("a`b.env"))
	fmt.Println(markdown.Permalink("https://github.com/acme/shop", "0123456789abcdef0123456789abcdef01234567", "shop/.env", 2, 2))
	// Output:
	// <code>a&#96;b&#46;env</code>
	// https://github.com/acme/shop/blob/0123456789abcdef0123456789abcdef01234567/shop/.env#L2
}
