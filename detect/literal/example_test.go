package literal_test

import (
	"fmt"

	"github.com/rekey-app/rekey/detect/literal"
)

func Example() {
	words := []string{"needle", "need", "thread"}
	set, err := literal.Compile(words, nil)
	if err != nil {
		panic(err)
	}
	text := []byte("a needle, some thread, no need")
	for at := 0; ; at++ {
		pos, index := set.Next(text, at)
		if pos < 0 {
			break
		}
		fmt.Println(pos, words[index])
		at = pos
	}
	// Output:
	// 2 needle
	// 15 thread
	// 26 need
}
