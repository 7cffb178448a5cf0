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
	cursor := set.Cursor(text, 0)
	for pos, index := cursor.Next(); pos >= 0; pos, index = cursor.Next() {
		fmt.Println(pos, words[index])
	}
	// Output:
	// 2 needle
	// 15 thread
	// 26 need
}
