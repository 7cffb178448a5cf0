package github

import (
	"fmt"
	"unicode/utf8"
)

// InvalidError is something that GitHub would not take, found before it was sent.
type InvalidError struct{ What, Why string }

func (e *InvalidError) Error() string { return e.What + ": " + e.Why }

// limitText refuses texts of more than limit characters.
func limitText(what, text string, limit int) error {
	if n := utf8.RuneCountInString(text); n > limit {
		return &InvalidError{what, fmt.Sprintf("it has %d characters, GitHub takes %d: cut it", n, limit)}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func required(what, text string) error {
	if text == "" {
		return &InvalidError{what, "it is missing"}
	}
	return nil
}

func isSHA(id string) bool {
	if len(id) != 40 {
		return false
	}
	for i := range len(id) {
		if (id[i] < '0' || id[i] > '9') && (id[i] < 'a' || id[i] > 'f') {
			return false
		}
	}
	return true
}

func issueNumber(n int) error {
	if n <= 0 {
		return &InvalidError{"issue's number", "it is missing"}
	}
	return nil
}
