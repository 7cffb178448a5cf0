package intake_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/app/intake"
	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func TestTextsAreMaskedAndNamesAreNot(t *testing.T) {
	t.Parallel()
	key := detecttest.Key(1, detect.Live)
	name := "tweak_configurationtoolkit2026" // looks like ak_ and 27 letters and digits
	escaped := ""
	for _, c := range key {
		escaped += fmt.Sprintf(`\u%04x`, c)
	}
	wide := ""
	for _, c := range key {
		wide += string(c) + `\u0000`
	}
	for what, text := range map[string]string{
		"plain":    key,
		"escaped":  escaped,
		"entities": strings.ReplaceAll(key, "_", `\u0026#95;`),
		"UTF-16":   wide,
		"quoted":   `he said \"CLERK_SECRET_KEY=` + key + `\"\n`,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := &store{}
			f := newFront(t, intake.Config{Store: s, Reading: intake.Reading{Redact: detect.New(detect.Options{}).Redact}})
			body := `{"action":"created","repository":{"id":9,"name":"` + name + `","full_name":"acme/` + name + `","owner":{"login":"` + name + `"}},` +
				`"repositories":[{"name":"` + name + `"}],"comment":{"body":"` + text + `"},"after":"x"}`
			if code, answer := f.send(delivery("g", "push", body)); code != 202 {
				t.Fatal(code, answer)
			}
			stored := s.accepted[0].Body
			var got struct {
				Repository struct {
					Name     string
					FullName string `json:"full_name"`
					Owner    struct{ Login string }
				}
				Repositories []struct{ Name string }
				Comment      struct{ Body string }
				After        string
			}
			if err := json.Unmarshal(stored, &got); err != nil {
				t.Fatalf("%v in %s", err, stored)
			}
			if got.Repository.Name != name || got.Repository.FullName != "acme/"+name || got.Repository.Owner.Login != name || got.Repositories[0].Name != name || got.After != "x" {
				t.Errorf("names were changed: %s", stored)
			}
			readable := strings.NewReplacer("\x00", "", "&#95;", "_").Replace(got.Comment.Body)
			if got.Comment.Body == "" || strings.Contains(readable, key[8:]) {
				t.Errorf("the key is stored: %d bytes of comment", len(got.Comment.Body))
			}
		})
	}
}

// Whatever is masked, the body stays JSON of the same shape, and all that needs no mask stays as it is.
func TestMaskingKeepsJSON(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Custom(func(t *rapid.T) map[string]any {
			m := map[string]any{}
			for range rapid.IntRange(0, 5).Draw(t, "n") {
				k := rapid.SampledFrom([]string{"name", "login", "body", "title", "repo", "x\"y", ""}).Draw(t, "key")
				m[k] = rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.String(), func(s string) any { return s + "SECRET" + s }),
					rapid.Map(rapid.Bool(), func(b bool) any { return b }),
					rapid.Map(rapid.SliceOfN(rapid.String(), 0, 3), func(s []string) any { return s })).Draw(t, "value")
			}
			return m
		})
		body, err := json.Marshal(map[string]any{"repository": value.Draw(t, "repository"), "comment": value.Draw(t, "comment")})
		if err != nil {
			t.Fatal(err)
		}
		masked := intake.MaskTexts(context.Background(), body, func(_ context.Context, text []byte) []byte {
			return bytes.ReplaceAll(text, []byte("SECRET"), []byte("…"))
		})
		var want, got any
		if json.Unmarshal(body, &want) != nil || json.Unmarshal(masked, &got) != nil {
			t.Fatalf("%s became %s", body, masked)
		}
		compareMasked(t, "", "", want, got)
	})
}

func compareMasked(t *rapid.T, key, parent string, want, got any) {
	switch want := want.(type) {
	case map[string]any:
		object, _ := got.(map[string]any)
		if len(object) != len(want) {
			t.Fatalf("%d keys became %d", len(want), len(object))
		}
		for k, v := range want {
			compareMasked(t, k, key, v, object[k])
		}
	case []any:
		list, _ := got.([]any)
		for i, v := range want {
			compareMasked(t, key, key, v, list[i])
		}
	case string:
		kept := key == "login" || key == "name" && (parent == "repository" || parent == "repo")
		if !kept {
			want = strings.ReplaceAll(want, "SECRET", "…")
		}
		if got != want {
			t.Fatalf("%s.%s: %q, want %q", parent, key, got, want)
		}
	default:
		if got != want {
			t.Fatalf("%v became %v", want, got)
		}
	}
}
