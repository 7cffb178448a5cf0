package format_test

import (
	"fmt"
	"time"

	"github.com/rekey-app/rekey/respond/format"
)

func Example() {
	fmt.Println(format.Count(1, "blob", "blobs"), format.Count(228, "blob", "blobs"))
	fmt.Printf("%+q\n", format.Number(135_228)) // a space that does not break
	fmt.Println(format.Size(7_200_000_000))
	fmt.Println(format.Duration(95 * time.Minute))
	fmt.Println(format.Time(time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)))
	// Output:
	// 1 blob 228 blobs
	// "135\u202f228"
	// 6.7 GiB
	// 1 h 35 min
	// 23 Nov 2026, 09:30 UTC
}
