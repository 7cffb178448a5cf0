package literal_test

import (
	"fmt"

	"github.com/rekey-app/rekey/detect/literal"
)

func Example() {
	words := []string{"needle", "need", "thread"}
	set, err := literal.Compile(words)
	if err != nil {
		panic(err)
	}
	text := []byte("a needle, some thread, no need")
	for _, hit := range set.AppendHits(nil, text, 0, len(text)) {
		fmt.Println(hit.Pos, words[hit.Index])
	}
	// Output:
	// 2 needle
	// 2 need
	// 15 thread
	// 26 need
}
