// Command trim reads GitHub's whole GraphQL schema from standard input and writes the part that this repository keeps to standard
// output.
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/rekey-app/rekey/github/githubtest/graphql"
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
	part, err := graphql.Trim(string(text), graphql.Kept())
	if err != nil {
		return err
	}
	_, err = out.Write(part)
	return err
}
