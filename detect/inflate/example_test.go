package inflate_test

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"log"

	"github.com/rekey-app/rekey/detect/inflate"
)

// In a pack, the size of an entry's content stands before its stream, and the next entry begins where the stream ends.
func ExampleDecoder_Zlib() {
	const content = "CLERK_SECRET_KEY=\n"
	var pack bytes.Buffer
	z := zlib.NewWriter(&pack)
	if _, err := z.Write([]byte(content)); err != nil {
		log.Fatal(err)
	}
	if err := z.Close(); err != nil {
		log.Fatal(err)
	}
	pack.WriteString("the next entry")

	var decoder inflate.Decoder
	text := make([]byte, len(content))
	consumed, err := decoder.Zlib(text, pack.Bytes())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q, then %q\n", text, pack.Bytes()[consumed:])
	_, err = decoder.Zlib(make([]byte, len(content)+1), pack.Bytes())
	fmt.Println(err)
	// Output:
	// "CLERK_SECRET_KEY=\n", then "the next entry"
	// inflated size is not the announced size
}
