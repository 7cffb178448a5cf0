package push

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	zero   = "0000000000000000000000000000000000000000"
	one    = "1111111111111111111111111111111111111111"
	long   = one + "222222222222222222222222"
	zeroes = zero + "000000000000000000000000"
)

func TestParsePrePush(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   string
		want []Update
	}{
		{"", nil},
		{"refs/heads/a " + one + " refs/heads/b " + zero + "\n", []Update{{Ref: "refs/heads/b", New: one, Local: "refs/heads/a"}}},
		{"(delete) " + zero + " refs/heads/b " + one + "\n", []Update{{Ref: "refs/heads/b", Old: one}}},
		{"HEAD@{2 days ago} " + one + " refs/heads/b " + zero, []Update{{Ref: "refs/heads/b", New: one, Local: "HEAD@{2 days ago}"}}},
		{"HEAD " + long + " refs/tags/v1 " + zeroes + "\n", []Update{{Ref: "refs/tags/v1", New: long, Local: "HEAD"}}},
	} {
		got, err := ParsePrePush(strings.NewReader(tt.in))
		if err != nil || !slices.Equal(got, tt.want) {
			t.Errorf("%q: %+v, %v", tt.in, got, err)
		}
	}
	for _, in := range []string{
		"\n", "a\n", one + " " + one + "\n", "(delete) " + one + " refs/heads/b " + one + "\n", "a " + one + " b " + zeroes + "\n",
		"a " + strings.ToUpper("a"+one[1:]) + " b " + zero + "\n", "a " + one + "  " + zero + "\n", "a " + one[1:] + " b " + zero[1:] + "\n",
		"refs/" + strings.Repeat("x", 1<<20) + " " + one + " b " + zero,
	} {
		if got, err := ParsePrePush(strings.NewReader(in)); !errors.Is(err, ErrInput) {
			t.Errorf("%.60q: %+v, %v", in, got, err)
		}
	}
}

// endless is input that never ends, of one line again and again.
type endless string

func (e endless) Read(p []byte) (n int, err error) {
	for n+len(e) <= len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

// TestInputThatNeverEnds: neither lines nor a line without end keep a hook.
func TestInputThatNeverEnds(t *testing.T) {
	t.Parallel()
	for _, in := range []endless{endless(zero + " " + one + " refs/heads/main\n"), "x", "\n"} {
		if _, err := ParsePreReceive(in); !errors.Is(err, ErrInput) {
			t.Errorf("%.20q: %v", string(in), err)
		}
	}
}

// TestParsingIsTheInverseOfWriting: what git writes is read as it was meant, in both protocols.
func TestParsingIsTheInverseOfWriting(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.SampledFrom([]int{40, 64}).Draw(t, "size")
		id := rapid.OneOf(rapid.Just(strings.Repeat("0", size)), rapid.StringMatching(`[0-9a-f]{`+map[int]string{40: "40", 64: "64"}[size]+`}`))
		name := rapid.StringMatching(`refs/(heads|tags|for)/[^ \x00-\x1f\x7f~^:?*\[\\]{1,20}`)
		var updates []Update
		var pushed, received strings.Builder
		for range rapid.IntRange(0, 5).Draw(t, "lines") {
			old, id, ref := id.Draw(t, "old"), id.Draw(t, "new"), name.Draw(t, "ref")
			u := Update{Ref: ref, Old: unlessZero(old), New: unlessZero(id)}
			local := "(delete)"
			if u.New != "" {
				local = rapid.OneOf(name, rapid.Just("HEAD@{1 day ago}")).Draw(t, "local")
				u.Local = local
			}
			updates = append(updates, u)
			pushed.WriteString(local + " " + id + " " + ref + " " + old + "\n")
			received.WriteString(old + " " + id + " " + ref + "\n")
		}
		if got, err := ParsePrePush(strings.NewReader(pushed.String())); err != nil || !slices.Equal(got, updates) {
			t.Fatalf("%q: %+v, %v", pushed.String(), got, err)
		}
		for i := range updates {
			updates[i].Local = ""
		}
		if got, err := ParsePreReceive(strings.NewReader(received.String())); err != nil || !slices.Equal(got, updates) {
			t.Fatalf("%q: %+v, %v", received.String(), got, err)
		}
	})
}

// FuzzLines: whatever comes, the ids that are taken are ids, and each ref has a name.
func FuzzLines(f *testing.F) {
	f.Add("refs/heads/a " + one + " refs/heads/b " + zero + "\n")
	f.Add(zero + " " + one + " refs/heads/b\n")
	f.Add("(delete) " + zeroes + " refs/heads/b " + long + "\n")
	f.Fuzz(func(t *testing.T, in string) {
		for _, parse := range []func(io.Reader) ([]Update, error){ParsePrePush, ParsePreReceive} {
			updates, err := parse(strings.NewReader(in))
			if err != nil && updates != nil {
				t.Fatalf("both %+v and %v", updates, err)
			}
			for _, u := range updates {
				if u.Ref == "" || strings.ContainsAny(u.Ref, "\n") || u.Old != "" && !isID(u.Old) || u.New != "" && !isID(u.New) {
					t.Fatalf("%q: %+v", in, u)
				}
			}
		}
	})
}
