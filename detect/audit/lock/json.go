package lock

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/tidwall/gjson"
	"github.com/tidwall/jsonc"
)

// maxDepth is how deep values may stand in each other: npm's first lockfiles nest a package in each other one that brings it.
const maxDepth = 2000

var byteOrderMark = []byte("\xef\xbb\xbf")

var (
	errNotJSON = errors.New("isn't valid JSON")
	errTooDeep = errors.New("is nested too deeply")
	errNotText = errors.New("isn't UTF-8 text")
)

// parseJSON returns the value that a text is. Offsets in it are those of the text without byte order mark. With comments set, these
// and commas at the end are let pass.
func parseJSON(text []byte, comments bool) (gjson.Result, error) {
	text = bytes.TrimPrefix(text, byteOrderMark)
	if depth(text) > maxDepth {
		return gjson.Result{}, errTooDeep
	}
	valid := gjson.ValidBytes(text)
	if !valid && comments {
		text = jsonc.ToJSONInPlace(bytes.Clone(text))
		valid = gjson.ValidBytes(text)
	}
	switch {
	case valid:
		return gjson.ParseBytes(text), nil
	case !utf8.Valid(text):
		return gjson.Result{}, errNotText
	default:
		return gjson.Result{}, errNotJSON
	}
}

// depth returns no less than how deep values stand in each other: brackets in strings count.
func depth(text []byte) int {
	now, most := 0, 0
	for _, c := range text {
		switch c {
		case '{', '[':
			now++
			most = max(most, now)
		case '}', ']':
			now--
		}
	}
	return most
}

// fields calls visit with what an object holds under each name, in order.
func fields(object gjson.Result, visit func(name string, value gjson.Result)) {
	if !object.IsObject() {
		return
	}
	object.ForEach(func(name, value gjson.Result) bool {
		visit(name.Str, value)
		return true
	})
}

// field returns what an object holds under a name: the last of several, as JavaScript has it. The name is taken as it is,
// unlike gjson's paths.
func field(object gjson.Result, name string) (found gjson.Result) {
	fields(object, func(n string, value gjson.Result) {
		if n == name {
			found = value
		}
	})
	return found
}
