package data

import (
	"bytes"
	"encoding/json"

	"github.com/tidwall/jsonc"
)

// Strings calls do with each string that is a value in a JSON file, with the keys that lead to it, which it must not keep: an element of
// a list has the list's key. Comments and commas at the end are taken. Of a text that isn't JSON, only what comes before the mistake is.
func Strings(text []byte, do func(keys []string, value string, start, end int)) {
	if len(text) > MaxSize {
		return
	}
	mark := len(text) - len(bytes.TrimPrefix(text, []byte("\ufeff")))
	plain := jsonc.ToJSON(text[mark:]) // as long as it was
	d := json.NewDecoder(bytes.NewReader(plain))
	var keys []string
	var objects []bool // of what is open, whether it is an object
	isKey := false     // whether a key is next
	for {
		start := int(d.InputOffset())
		t, err := d.Token()
		if err != nil {
			return
		}
		inObject := len(objects) > 0 && objects[len(objects)-1]
		switch t := t.(type) {
		case json.Delim:
			switch t {
			case '{', '[':
				objects = append(objects, t == '{')
				if keys = append(keys, ""); t == '[' && len(keys) > 1 {
					keys[len(keys)-1] = keys[len(keys)-2]
				}
			default:
				objects, keys = objects[:len(objects)-1], keys[:len(keys)-1]
			}
			isKey = len(objects) > 0 && objects[len(objects)-1]
			continue
		case string:
			if inObject && isKey {
				keys[len(keys)-1], isKey = t, false
				continue
			}
			start += bytes.IndexByte(plain[start:], '"')
			do(keys, t, mark+start, mark+int(d.InputOffset()))
		}
		isKey = inObject
	}
}
