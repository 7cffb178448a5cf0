package detect_test

import (
	"context"
	"fmt"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// One scanner serves a whole program. A finding's Secret prints redacted.
func Example() {
	key := detecttest.Key(1, detect.Live)
	text := "PORT=3000\nCLERK_SECRET_KEY=" + key + "\n"

	scanner := detect.New(detect.Options{})
	for _, f := range scanner.Scan(context.Background(), "shop/.env", []byte(text)) {
		fmt.Println(f.Environment, f.Kind, "on line", f.Place.Line, "severity", f.Severity, "confidence", f.Confidence)
		fmt.Println("printed whole:", fmt.Sprint(f.Secret) == key, "same key:", f.Secret.Fingerprint() == detect.NewSecret(key).Fingerprint())
		fmt.Println(f.Reasons[0])
	}
	// Output:
	// live secret_key on line 2 severity critical confidence high
	// printed whole: false same key: true
	// assigned to CLERK_SECRET_KEY
}
