package detect_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// TestOneScannerForMany: one scanner finds the same in many texts at once, as texts, as streams and in archives, as it does one after the
// other. The race detector runs this test alone of the package, where nothing else runs at once.
func TestOneScannerForMany(t *testing.T) {
	t.Parallel()
	shared := detect.New(detect.Options{})
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprintf(z, "CLERK_SECRET_KEY=%s\n", detecttest.Key(1, detect.Live))
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	plain := "CLERK_SECRET_KEY=" + detecttest.Key(2, detect.Test) + "\n"
	long := strings.Repeat("nothing here\n", 50_000) + plain
	look := func(s *detect.Scanner) (all [][]detect.Finding, clean string) {
		all = append(all, s.Scan(t.Context(), ".env", []byte(plain)), s.Scan(t.Context(), "env.gz", packed.Bytes()))
		streamed, err := s.ExamineReader(t.Context(), "log.txt", strings.NewReader(long))
		if err != nil {
			t.Error(err)
		}
		return append(all, streamed.Findings), s.RedactString(t.Context(), plain)
	}
	want, clean := look(detect.New(detect.Options{}))
	for i, findings := range want {
		if len(findings) != 1 {
			t.Fatalf("text %d: %d findings", i, len(findings))
		}
	}
	var many sync.WaitGroup
	for range 8 {
		many.Go(func() {
			got, redacted := look(shared)
			if !reflect.DeepEqual(want, got) || redacted != clean {
				t.Errorf("at once with others: %+v, %s", got, redacted)
			}
		})
	}
	many.Wait()
}
