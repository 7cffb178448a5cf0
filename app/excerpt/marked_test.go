package excerpt

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

func TestMarkedLines(t *testing.T) {
	t.Parallel()
	live := detecttest.Key(1, detect.Live)
	redacted := detect.NewSecret(live).Redacted()
	random := detecttest.Random(7, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 40)
	for name, c := range map[string]struct {
		text   string // the range is between brackets
		marked Marked
	}{
		"a call":           {"a()\n\tif (x) ⟦auth.protect()⟧;\r\nb()", Marked{"if (x) ", "auth.protect()", ";"}},
		"the whole text":   {"⟦a⟧", Marked{"", "a", ""}},
		"nothing":          {"ab⟦⟧c", Marked{"ab", "", "c"}},
		"two lines":        {"x = ⟦f(\n1)⟧;", Marked{"x = ", "f(", ""}},
		"a key behind":     {"⟦NEXT_PUBLIC_CLERK_SECRET_KEY⟧=" + live + " # x", Marked{"", "NEXT_PUBLIC_CLERK_SECRET_KEY", "=" + redacted + " # x"}},
		"a key before":     {"k=" + live + "; ⟦auth⟧()", Marked{"k=" + redacted + "; ", "auth", "()"}},
		"a key in it":      {"⟦f(\"" + live + "\")⟧;", Marked{"", "f(\"" + redacted + "\")", ";"}},
		"another's secret": {"DB_PASSWORD=hunter2 ⟦NAME⟧", Marked{"DB_PASSWORD=… ", "NAME", ""}},
		"names":            {"if (⟦isProtectedRoute⟧(req)) createRouteMatcher", Marked{"if (", "isProtectedRoute", "(req)) createRouteMatcher"}},
		"random":           {"⟦f⟧(" + random + ")", Marked{"", "f", "(…)"}},
		"umlauts":          {"größe ⟦größe⟧ größe", Marked{"größe ", "größe", " größe"}},
		"controls":         {"\x1b[31m⟦a\u202e⟧", Marked{"·[31m", "a·", ""}},
	} {
		before, rest, _ := strings.Cut(c.text, "⟦")
		inside, after, _ := strings.Cut(rest, "⟧")
		text := []byte(before + inside + after)
		found := detect.New(detect.Options{}).Scan(t.Context(), "", text)
		if got := Mark(text, found, len(before), len(before+inside)); got != c.marked {
			t.Errorf("%s: %q, want %q", name, got, c.marked)
		}
	}
	long := []byte(strings.Repeat("word ", 2000) + "here" + strings.Repeat(" word", 2000))
	if got := Mark(long, nil, 10_000, 10_004); got.Inside != "here" || !strings.HasPrefix(got.Before, "…") || !strings.HasSuffix(got.After, "…") || len(got.Before) > 80 {
		t.Errorf("%q", got)
	}
	if got := Mark([]byte("abc"), nil, 5, 6); got != (Marked{}) {
		t.Errorf("behind the end: %q", got)
	}
}

// TestNoMarkedLineShowsAKey: wherever the range begins and ends.
func TestNoMarkedLineShowsAKey(t *testing.T) {
	t.Parallel()
	scanner := detect.New(detect.Options{})
	rapid.Check(t, func(t *rapid.T) {
		key := detecttest.Key(rapid.Int64Range(1, 1000).Draw(t, "seed"), detect.Live)
		before := rapid.SampledFrom([]string{"", "CLERK_SECRET_KEY=", "é\n\"", "auth.protect(); \""}).Draw(t, "before")
		text := []byte(before + key + rapid.SampledFrom([]string{"", "\"", "\n", " x"}).Draw(t, "behind"))
		from := rapid.IntRange(0, len(text)).Draw(t, "from")
		to := rapid.IntRange(from, len(text)).Draw(t, "to")
		m := Mark(text, scanner.Scan(t.Context(), "", text), from, to)
		shown := m.Before + m.Inside + m.After
		for at := 8; at+12 <= len(key); at++ {
			if strings.Contains(shown, key[at:at+12]) {
				t.Fatalf("%q shows a part of a key", shown)
			}
		}
	})
}
