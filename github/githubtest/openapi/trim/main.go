// Command trim reads GitHub's whole OpenAPI description from standard input and writes the part that this repository keeps,
// compressed, to standard output.
package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"

	"github.com/rekey-app/rekey/github/githubtest/openapi"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "trim:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	text, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	whole, err := openapi.Read(text)
	if err != nil {
		return err
	}
	part, err := whole.Trim(openapi.Kept)
	if err != nil {
		return err
	}
	w, err := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err != nil {
		return err
	}
	if _, err := w.Write(part); err != nil {
		return err
	}
	return w.Close()
}
