package detect

import (
	"encoding/base64"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rekey-app/rekey/detect/literal"
)

// TestARuleIsAllThatACredentialTakes adds a credential by its rule alone. It is found however it is written, and what Redact
// masks of it is masked.
func TestARuleIsAllThatACredentialTakes(t *testing.T) {
	t.Parallel()
	const prefix, body = "visa_", 30
	extra := rule{
		anchors: []string{prefix}, words: []string{"visa"}, starts: []string{prefix}, depth: inTorn, steps: 500,
		plausible: func(text []byte, at int) bool { return begins(text, at, prefix, body) },
		find: func(tok *token, v *view, at int) (match, bool) {
			tok.read(v.text, at, len(prefix)+body+1)
			if !tok.has(prefix) || !tok.bounded(v.text, len(prefix)+body) {
				return match{}, false
			}
			return tok.match(len(prefix) + body), true
		},
		genuine: func(m *match) bool { return secretLooking(m.value[len(prefix):], 3) },
		judge: func(_ *run, _ *match, s *surroundings) (Finding, bool) {
			return Finding{Kind: "visa", Confidence: HighConfidence, Reasons: s.forClerk()}, true
		},
	}
	s := New(Options{})
	s.anchors = anchorsOf(append(rules(false), &extra))
	search, err := literal.Compile(anchorTexts(s.anchors), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.search = search

	rng := rand.New(rand.NewPCG(1, 1))
	value := prefix
	for range body {
		value += string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"[rng.IntN(62)])
	}
	text := "clerk = " + value + "\n"
	encoded := base64.StdEncoding.EncodeToString([]byte(text))
	for name, text := range map[string]string{
		"plain": text, "percent": strings.Replace(text, "_", "%5F", 1), "unicode-escape": strings.Replace(text, "_", `\u005f`, 1),
		"base64": encoded, "base64+base64": base64.StdEncoding.EncodeToString([]byte(encoded)), "hex": hex.EncodeToString([]byte(text)),
		"utf-16le": widen(text), "concatenation": `clerk = "` + value[:12] + `" + "` + value[12:] + `"`,
	} {
		found := s.Scan(t.Context(), "", []byte(text))
		if len(found) != 1 || found[0].Kind != "visa" || found[0].Secret.Reveal() != value || found[0].Encoding != name {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// TestEveryKindHasContexts: the contexts that must be found hold each kind of credential, and each environment of those that have
// two.
func TestEveryKindHasContexts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/found/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var contexts strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		contexts.Write(data)
	}
	source, err := os.ReadFile("finding.go")
	if err != nil {
		t.Fatal(err)
	}
	kinds := []string{"secret_key live", "secret_key test", "legacy_api_key live", "legacy_api_key test"}
	for _, kind := range regexp.MustCompile(`Kind += "([a-z_]+)"`).FindAllStringSubmatch(string(source), -1) {
		kinds = append(kinds, kind[1])
	}
	if len(kinds) < 12 {
		t.Errorf("finding.go has only %d kinds", len(kinds)-4)
	}
	for _, kind := range kinds {
		if !strings.Contains(contexts.String(), " "+kind+" ") {
			t.Errorf("no context in testdata/found holds a %s", kind)
		}
	}
}

// TestRulesAreWhole: a rule's words stand before the underscore of its anchors, and what it is tried for else needs no anchors.
func TestRulesAreWhole(t *testing.T) {
	t.Parallel()
	for _, malformed := range []bool{false, true} {
		for _, c := range rules(malformed) {
			for _, word := range c.words {
				if !slices.ContainsFunc(c.anchors, func(a string) bool { return strings.HasPrefix(a, word+"_") }) {
					t.Errorf("%q: no anchor starts with the word %q", c.anchors, word)
				}
			}
			if c.steps == 0 || len(c.anchors) == 0 || len(c.torn) > 0 && len(c.words) != 1 || c.plausible == nil {
				t.Errorf("%q: %+v", c.anchors, c)
			}
			if also := c.also; also != nil && (len(also.anchors) > 0 || also.also != nil) {
				t.Errorf("%q: what is tried else has anchors of its own, or another behind it", c.anchors)
			}
		}
	}
}
