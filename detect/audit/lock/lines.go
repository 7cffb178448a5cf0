package lock

import (
	"errors"
	"strings"
)

var (
	errBinary     = errors.New("is binary: bun install --save-text-lockfile writes one that can be read")
	errTooLarge   = errors.New("is larger than 64 MiB")
	errNoPackages = errors.New("has no packages")
	errConflict   = errors.New("has an unresolved merge conflict")
	errCut        = errors.New("ends within a line")
	errNotBlocks  = errors.New("isn't written as its package manager writes it")
)

// maxKeys is how deep keys may stand below each other. pnpm needs five.
const maxKeys = 16

// eachLine reads nested "key: value" lines as pnpm and Yarn write them, one entry on each line and below it, further in, what belongs
// to it. It calls visit for each with the keys above and its own, and its value, or "". Values of several lines come without the
// further ones. It is for lockfiles of any size: a line costs no allocation. A text whose last line doesn't end is cut, and an error.
func eachLine(text string, split func(content string) (key, value string, ok bool), visit func(keys []string, value string)) error {
	var (
		keys    [maxKeys]string
		indents [maxKeys]int
		depth   int
		scalar  = -1 // indent of the line that has a value: what is further in belongs to that
	)
	if text != "" && text[len(text)-1] != '\n' {
		return errCut
	}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		content := strings.TrimLeft(line, " ")
		indent := len(line) - len(content)
		switch {
		case content == "" || content[0] == '#':
			continue
		case indent == 0 && (strings.HasPrefix(content, "<<<<<<<") || strings.HasPrefix(content, ">>>>>>>") || content == "======="):
			return errConflict
		case scalar >= 0 && indent > scalar:
			continue
		case content == "---" || content[0] == '-' && (content == "-" || strings.HasPrefix(content, "- ")):
			continue
		case content[0] == '\t':
			return errNotBlocks
		}
		scalar = -1
		for depth > 0 && indents[depth-1] >= indent {
			depth--
		}
		key, value, ok := split(content)
		if !ok || depth == maxKeys {
			return errNotBlocks
		}
		if value != "" {
			scalar = indent
		}
		keys[depth], indents[depth] = key, indent
		depth++
		visit(keys[:depth], value)
	}
	return nil
}

// splitYAML splits a line of block YAML.
func splitYAML(content string) (key, value string, ok bool) {
	content = strings.TrimPrefix(content, "? ") // a key of more than 1,024 characters; its value begins on the next line
	if content[0] == ':' {
		return "", "?", true
	}
	var rest string
	switch content[0] {
	case '\'', '"':
		end := closing(content)
		if end < 0 {
			return "", "", false
		}
		key, rest = content[1:end], content[end+1:]
	default:
		i := strings.Index(content, ": ")
		if i < 0 {
			i = len(strings.TrimSuffix(content, ":"))
		}
		key, rest = content[:i], content[i:]
	}
	if rest == "" { // a key alone, as ? has it
		return key, "", true
	}
	if rest[0] != ':' {
		return "", "", false
	}
	return key, unquoted(strings.TrimSpace(rest[1:])), true
}

// closing returns where the quotation ends that the content begins with, or -1. What is escaped in it stays so.
func closing(content string) int {
	quote := content[0]
	for i := 1; i < len(content); i++ {
		switch {
		case quote == '"' && content[i] == '\\', content[i] == quote && quote == '\'' && i+1 < len(content) && content[i+1] == quote:
			i++
		case content[i] == quote:
			return i
		}
	}
	return -1
}

// splitYarn splits a line of Yarn's own form: a key without value ends in a colon, one with a value in a space.
func splitYarn(content string) (key, value string, ok bool) {
	if key, is := strings.CutSuffix(content, ":"); is {
		return key, "", true
	}
	if content[0] == '"' {
		end := strings.IndexByte(content[1:], '"')
		if end < 0 {
			return "", "", false
		}
		return content[1 : end+1], unquoted(strings.TrimSpace(content[end+2:])), true
	}
	key, value, ok = strings.Cut(content, " ")
	return key, unquoted(value), ok
}

// unquoted returns a value without its quotes. Versions and ranges need no escapes.
func unquoted(value string) string {
	if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[n-1] == value[0] {
		return value[1 : n-1]
	}
	return value
}
