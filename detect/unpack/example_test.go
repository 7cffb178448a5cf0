package unpack_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"

	"github.com/rekey-app/rekey/detect/unpack"
)

// One walker serves a whole program. What is packed within what is packed is visited too; what cannot be read is said at the end,
// when all else has been visited.
func Example() {
	var logs, archive bytes.Buffer
	g := gzip.NewWriter(&logs)
	if _, err := g.Write([]byte("started\n")); err != nil {
		log.Fatal(err)
	}
	if err := g.Close(); err != nil {
		log.Fatal(err)
	}
	z := zip.NewWriter(&archive)
	for _, file := range []struct{ name, text string }{
		{"app/.env", "PORT=3000\n"}, {"app/log.gz", logs.String()}, {"app/cut.gz", logs.String()[:logs.Len()-8]},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: file.name})
		if err == nil {
			_, err = io.WriteString(w, file.text)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		log.Fatal(err)
	}

	fmt.Println(unpack.Format(archive.Bytes()[:min(archive.Len(), unpack.HeadSize)]))
	var walker unpack.Walker
	err := walker.Walk(context.Background(), bytes.NewReader(archive.Bytes()), int64(archive.Len()), unpack.Limits{}, func(m unpack.Member) error {
		text, err := io.ReadAll(m.Content)
		fmt.Printf("%v %q: %d bytes\n", m.Layers, m.Name, len(text))
		return err
	})
	fmt.Println("corrupt:", errors.Is(err, unpack.ErrCorrupt))
	// Output:
	// zip
	// [zip] "app/.env": 10 bytes
	// [zip gzip] "app/log.gz": 8 bytes
	// [zip gzip] "app/cut.gz": 8 bytes
	// corrupt: true
}
