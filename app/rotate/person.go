package rotate

import (
	"context"
	"errors"

	"github.com/rekey-app/rekey/detect"
)

// Person is who rotates, at a terminal or behind a script.
type Person interface {
	// Show writes paragraphs. The text holds no credential.
	Show(text string)
	// Answers reports whether somebody is there to answer. If not, the other methods return ErrNobody.
	Answers() bool
	// Confirm asks a question that is answered by yes or no; no is what an empty answer means.
	Confirm(ctx context.Context, question string) (bool, error)
	// Choose asks for one of several.
	Choose(ctx context.Context, question string, among []string) (int, error)
	// Secret asks for a credential. What is typed is not shown.
	Secret(ctx context.Context, prompt string) (detect.Secret, error)
	// Open opens a page in a browser, if that is possible.
	Open(ctx context.Context, address string)
}

// ErrNobody is what a person's methods return where nobody can answer.
var ErrNobody = errors.New("nobody is at a terminal to answer")
