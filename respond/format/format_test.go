package format_test

import (
	"math"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/rekey-app/rekey/respond/format"
)

func TestWhatPeopleRead(t *testing.T) {
	t.Parallel()
	const kib, mib = 1 << 10, 1 << 20
	berlin := time.FixedZone("", 3600)
	for _, row := range []struct{ got, want string }{
		{format.Number(0), "0"},
		{format.Number(999), "999"},
		{format.Number(1000), "1\u202f000"},
		{format.Number(int64(1234567)), "1\u202f234\u202f567"},
		{format.Number(-1234), "-1\u202f234"},
		{format.Number(-123), "-123"},
		{format.Number(int64(math.MinInt64)), "-9\u202f223\u202f372\u202f036\u202f854\u202f775\u202f808"},
		{format.Number(uint64(math.MaxUint64)), "18\u202f446\u202f744\u202f073\u202f709\u202f551\u202f615"},

		{format.Count(0, "commit", "commits"), "0 commits"},
		{format.Count(1, "commit", "commits"), "1 commit"},
		{format.Count(int64(12345), "commit", "commits"), "12\u202f345 commits"},

		{format.Size(-1), "0 bytes"},
		{format.Size(0), "0 bytes"},
		{format.Size(1), "1 byte"},
		{format.Size(1023), "1\u202f023 bytes"},
		{format.Size(kib), "1.0 KiB"},
		{format.Size(2560), "2.5 KiB"},
		{format.Size(10*kib - 1), "10 KiB"},
		{format.Size(10 * kib), "10 KiB"},
		{format.Size(64 * kib), "64 KiB"},
		{format.Size(1023 * kib), "1\u202f023 KiB"},
		{format.Size(mib - 1), "1.0 MiB"},
		{format.Size(64 * mib), "64 MiB"},
		{format.Size(3 << 30), "3.0 GiB"},
		{format.Size(math.MaxInt64), "8\u202f388\u202f608 TiB"},

		{format.Duration(-time.Second), "under 1 ms"},
		{format.Duration(0), "under 1 ms"},
		{format.Duration(20 * time.Millisecond), "20 ms"},
		{format.Duration(999999 * time.Microsecond), "999 ms"},
		{format.Duration(time.Second), "1.0 s"},
		{format.Duration(2480 * time.Millisecond), "2.5 s"},
		{format.Duration(9949 * time.Millisecond), "9.9 s"},
		{format.Duration(9950 * time.Millisecond), "10 s"},
		{format.Duration(119499 * time.Millisecond), "119 s"},
		{format.Duration(119500 * time.Millisecond), "2 min"},
		{format.Duration(200 * time.Second), "3 min 20 s"},
		{format.Duration(time.Hour - time.Second), "59 min 59 s"},
		{format.Duration(time.Hour - 1), "1 h"},
		{format.Duration(125 * time.Minute), "2 h 5 min"},
		{format.Duration(48*time.Hour - time.Minute), "47 h 59 min"},
		{format.Duration(48*time.Hour - 1), "2 days"},
		{format.Duration(48 * time.Hour), "2 days"},
		{format.Duration(80 * time.Hour), "3 days"},
		{format.Duration(math.MaxInt64), "106\u202f751 days"},

		{format.Time(time.Date(2026, 11, 23, 9, 11, 59, 0, berlin)), "23 Nov 2026, 08:11 UTC"},
		{format.Date(time.Date(2026, 12, 1, 0, 30, 0, 0, berlin)), "30 Nov 2026"},
	} {
		if row.got != row.want {
			t.Errorf("got %q, want %q", row.got, row.want)
		}
	}
}

// TestNeedsNothing: everything that people read from may import the package.
func TestNeedsNothing(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Fields(string(out)); len(got) != 1 {
		t.Errorf("beside the standard library it needs %v", got)
	}
}
