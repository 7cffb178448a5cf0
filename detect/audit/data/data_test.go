package data_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/audit/data"
)

func TestStrings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want []string
	}{
		{"\ufeff{ // a comment\n \"a\": {\"b\": \"c\", \"d\": [\"e\", {\"f\": \"g\"}, 1], \"n\": null,}, \"h\" : \"i\\n\" }", []string{"a.b=c", "a.d.d=e", "a.d.d.f=g", "h=i\n"}},
		{`["a", ["b"]]`, []string{"=a", ".=b"}},
		{`"a"`, []string{"=a"}},
		{`{"a": "b", "c": }`, []string{"a=b"}},
		{`{"a": "b"`, []string{"a=b"}},
		{"", nil},
		{strings.Repeat("[", 100_000), nil},
	} {
		var got []string
		data.Strings([]byte(c.text), func(keys []string, value string, start, end int) {
			got = append(got, strings.Join(keys, ".")+"="+value)
			if written := c.text[start:end]; written[0] != '"' || written[len(written)-1] != '"' || value != "i\n" && written != `"`+value+`"` {
				t.Errorf("%q is at %q", value, written)
			}
		})
		if !slices.Equal(got, c.want) {
			t.Errorf("%.60s: %q, want %q", c.text, got, c.want)
		}
	}
}

func TestYAML(t *testing.T) {
	t.Parallel()
	const text = "on: [push, pull_request]\nenv: &e\n  # K: a\n  K: \"é a\" # a\nlist:\n- b: *e\n- |\n  c\n---\non: {push: , x: y}\n"
	documents := data.YAML([]byte(text))
	if len(documents) != 2 {
		t.Fatal(documents)
	}
	first := documents[0]
	if got := fmt.Sprint(first.Get("on").Names(), documents[1].Get("on").Names(), first.Get("list").Items()[0].Get("b").Get("K").Text(), first.Get("no").Get("no").Text()); got != "[push pull_request] [push x]é a" {
		t.Error(got)
	}
	var scalars []string
	first.Scalars(func(n data.Node) {
		start, end := n.Place([]byte(text), strings.TrimSpace(n.Text()))
		scalars = append(scalars, fmt.Sprintf("%s@%d:%s", strings.TrimSpace(n.Text()), 1+strings.Count(text[:start], "\n"), text[start:end]))
	})
	if want := []string{"push@1:push", "pull_request@1:pull_request", "é a@4:é a", "c@8:c"}; !slices.Equal(scalars, want) {
		t.Errorf("%q, want %q", scalars, want)
	}
	for name, bad := range map[string][]byte{
		"a mistake": []byte("a: [\n"), "too large": bytes.Repeat([]byte("a: b\n"), data.MaxSize/5+1), "nothing": nil, "not text": {0xff, 0xfe, 0}, "deep": bytes.Repeat([]byte("["), 100_000),
		"itself": []byte("a: &a [*a]\n"),
	} {
		for _, n := range data.YAML(bad) {
			n.Scalars(func(n data.Node) { t.Errorf("%s has %q", name, n.Text()) })
		}
	}
}
