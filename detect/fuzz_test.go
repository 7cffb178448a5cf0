package detect_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// FuzzScan holds any bytes against the promises: no panic, places within the text and in order, the same from a stream.
func FuzzScan(f *testing.F) {
	key := detecttest.Key(1, detect.Live)
	for _, seed := range []string{
		"CLERK_SECRET_KEY=" + key, `"sk" + "_live_` + key[8:] + `"`, "sk%5Flive%5F" + key[8:], `sk\u005flive\u005f` + key[8:],
		"s\x00k\x00_\x00l\x00", "\xff\xfes\x00k\x00_\x00", "c2tf\nbGl2ZV", "NrX2xpdmVf", "H4sIAAAAAAAA", "UEsDBAoAAAAAA", "736b5f6c6976655f",
		"CLERK_ENCRYPTION_KEY=\"", "ak_\\u005f", "&amp;amp;#95;", "sk\\\n\\\n\\\n_live_", detecttest.KeylessJSON(1, "clerk.example.org"),
		"@@ -1 +1 @@\n-CLERK_SECRET_KEY=" + key, "whsec_" + key[8:40] + " clerk", "%25%25%25%255F", "AF8AbABp", "\"claimToken\":\"", "\x1f\x8b\x08\x00",
	} {
		f.Add([]byte(seed), "")
		f.Add([]byte(encodeAs2(seed)), ".clerk/.tmp/keyless.json")
	}
	s := detect.New(detect.Options{})
	f.Fuzz(func(t *testing.T, text []byte, path string) {
		start := time.Now()
		found := s.Scan(t.Context(), path, text)
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%d bytes took %v", len(text), d)
		}
		last := int64(-1)
		for _, g := range found {
			p := g.Place
			if g.Member == "" && g.Encoding == "plain" {
				if p.Offset < last || p.End <= p.Offset || p.End > int64(len(text)) {
					t.Errorf("%s at %+v behind %d in %d bytes", g.Kind, p, last, len(text))
				} else if string(text[p.Offset:p.End]) != g.Secret.Reveal() {
					t.Errorf("%s at %+v is not what stands there", g.Kind, p)
				}
				last = p.Offset
			}
			if p.Line < 1 || p.Column < 1 || p.EndLine < p.Line || len(g.Reasons) == 0 || g.Secret.Reveal() == "" {
				t.Errorf("%s: %+v", g.Kind, p)
			}
			g.At(path)
		}
		streamed, err := s.ExamineReader(t.Context(), path, bytes.NewReader(text))
		if err != nil || len(streamed.Findings) != len(found) {
			t.Errorf("from a stream %d findings, want %d: %v", len(streamed.Findings), len(found), err)
		}
	})
}

func encodeAs2(s string) string { return "x: " + string(bytes.ToUpper([]byte(s))) }

// TestRandomHoldsNothing reads random bytes, and random text in the alphabets of the encodings.
func TestRandomHoldsNothing(t *testing.T) {
	t.Parallel()
	size := 64 << 20
	if testing.Short() {
		size = 4 << 20
	}
	s := detect.New(detect.Options{})
	for _, alphabet := range []string{
		"", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", "0123456789abcdef", "skliveta_\"'+\\\nc2NrX=%5F",
	} {
		r := &randomReader{rng: rand.NewChaCha8([32]byte{7}), alphabet: alphabet, left: size}
		res, err := s.ExamineReader(t.Context(), "", r)
		if err != nil || len(res.Findings) > 0 {
			t.Errorf("alphabet %q: %d findings, %v", alphabet, len(res.Findings), err)
		}
	}
}

// randomReader gives random bytes of an alphabet, of all bytes if it is empty, in lines where it has letters.
type randomReader struct {
	rng      *rand.ChaCha8
	alphabet string
	left     int
}

func (r *randomReader) Read(p []byte) (int, error) {
	p = p[:min(len(p), r.left)]
	if len(p) == 0 {
		return 0, io.EOF
	}
	r.left -= len(p)
	r.rng.Read(p)
	if r.alphabet != "" {
		for i := range p {
			p[i] = r.alphabet[int(p[i])%len(r.alphabet)]
		}
	}
	return len(p), nil
}
