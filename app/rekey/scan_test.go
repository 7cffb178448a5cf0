package main

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// plantPattern is what stands for a credential in testscripts: {{live 1}} is the production key of seed 1.
var plantPattern = regexp.MustCompile(`\{\{(\w+) (\d+)\}\}`)

// planted replaces what stands for credentials by generated ones.
func planted(text string) string {
	return plantPattern.ReplaceAllStringFunc(text, func(match string) string {
		m := plantPattern.FindStringSubmatch(match)
		seed, err := strconv.ParseInt(m[2], 10, 64)
		if err != nil {
			return match
		}
		return credential(m[1], seed)
	})
}

func credential(kind string, seed int64) string {
	switch kind {
	case "live":
		return detecttest.Key(seed, detect.Live)
	case "test":
		return detecttest.Key(seed, detect.Test)
	case "webhook":
		return detecttest.WebhookSecret(seed)
	case "platform":
		return detecttest.PlatformAPIKey(seed)
	case "publishable":
		return detecttest.PublishableKey(detect.Live, fmt.Sprintf("clerk.shop%d.example", seed))
	case "fingerprint":
		return detect.NewSecret(detecttest.Key(seed, detect.Live)).Fingerprint()
	}
	return "{{" + kind + "}}"
}

// plant puts credentials into files: plant FILE...
func plant(ts *testscript.TestScript, neg bool, names []string) {
	if neg || len(names) == 0 {
		ts.Fatalf("usage: plant FILE...")
	}
	for _, name := range names {
		text := planted(ts.ReadFile(name))
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o666))
	}
}

// noKey fails where the last command printed a credential of the seeds 1 to 9.
func noKey(ts *testscript.TestScript, neg bool, _ []string) {
	if neg {
		ts.Fatalf("unsupported: ! nokey")
	}
	for _, stream := range []string{"stdout", "stderr"} {
		text := ts.ReadFile(stream)
		for seed := range int64(10) {
			for _, kind := range []string{"live", "test", "webhook", "platform"} {
				key := credential(kind, seed)
				if body := key[strings.LastIndexByte(key, '_')+1:]; strings.Contains(text, body[:len(body)-8]) {
					ts.Fatalf("%s holds a key: %s", stream, detect.NewSecret(key))
				}
			}
		}
	}
}
