package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
)

// Plant is a credential that stands in the corpus.
type Plant struct {
	Path        string             `json:"path"` // of the file; members of archives behind "!"
	Line        int                `json:"line"` // where it starts, from 1, in the file or member
	EndLine     int                `json:"end_line"`
	Kind        detect.Kind        `json:"kind"`
	Environment detect.Environment `json:"environment"`
	Encoding    string             `json:"encoding"` // how the corpus wrote it, in words; "" is plain
	Fingerprint string             `json:"fingerprint"`

	value string
}

// LookAlike is text that stands in the corpus and is no Clerk credential.
type LookAlike struct {
	Path string
	Line int
	// Vendor names whose credential it has the shape of, in lower case: a scanner that names this vendor is right.
	Vendor string
}

// Corpus is the files, with what stands in them. The same seed gives the same corpus.
type Corpus struct {
	Plants     []Plant
	LookAlikes []LookAlike

	files map[string][]byte
	seed  int64 // counted up at each credential
	err   error // the first mistake in the corpus itself
}

// NewCorpus makes the corpus.
func NewCorpus(seed int64) (*Corpus, error) {
	c := &Corpus{files: map[string][]byte{}, seed: seed * 1_000_000}
	c.contexts()
	c.encodings()
	c.archives()
	c.wild()
	c.binaries()
	c.lookAlikes()
	c.beside()
	return c, c.err
}

// Write writes the files below dir, which must not exist, and dir.manifest.jsonl beside it: one plant a line, without
// the credentials.
func (c *Corpus) Write(dir string) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	for path, content := range c.files {
		name := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		if err := os.WriteFile(name, content, 0o666); err != nil {
			return err
		}
	}
	var manifest bytes.Buffer
	encoder := json.NewEncoder(&manifest)
	for _, p := range c.Plants {
		if err := encoder.Encode(p); err != nil {
			return err
		}
	}
	return os.WriteFile(dir+".manifest.jsonl", manifest.Bytes(), 0o666)
}

func (c *Corpus) add(path string, content []byte) {
	if _, twice := c.files[path]; twice {
		c.fail("%s is written twice", path)
	}
	c.files[path] = content
}

func (c *Corpus) fail(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("corpus: "+format, args...)
	}
}

// slot is a place in a template: <live> is a fresh live secret key, <test|hex> a test key in hexadecimal, and so on.
var slot = regexp.MustCompile(`<([a-z]+)(?:\|([a-z0-9+-]+))?>`)

// file writes a file of the template, whose slots become plants.
func (c *Corpus) file(path, template string) { c.add(path, c.fill(path, template)) }

// fill returns the text of a template and notes its plants at path.
func (c *Corpus) fill(path, template string) []byte {
	var out []byte
	last := ""
	for _, part := range splitSlots(template) {
		match := slot.FindStringSubmatch(part)
		if match == nil || match[0] != part {
			out = append(out, part...)
			continue
		}
		if public, ok := c.public(match[1]); ok {
			out = append(out, public...)
			continue
		}
		plant, ok := c.credential(match[1], last)
		if !ok {
			out = append(out, part...) // not a slot: HTML, XML
			continue
		}
		last = plant.value
		text := plant.value
		if match[2] != "" {
			encode, ok := encoders[match[2]]
			if !ok {
				c.fail("%s: no encoding %q", path, match[2])
				continue
			}
			text = encode(plant.value)
			plant.Encoding = match[2]
		}
		plant.Path = path
		plant.Line = 1 + bytes.Count(out, []byte("\n"))
		plant.EndLine = plant.Line + strings.Count(text, "\n")
		plant.Fingerprint = detect.NewSecret(plant.value).Fingerprint()
		c.Plants = append(c.Plants, plant)
		out = append(out, text...)
	}
	return out
}

// splitSlots parts a template at its slots, which stand as parts of their own.
func splitSlots(template string) []string {
	var parts []string
	from := 0
	for _, at := range slot.FindAllStringIndex(template, -1) {
		parts = append(parts, template[from:at[0]], template[at[0]:at[1]])
		from = at[1]
	}
	return append(parts, template[from:])
}

// credential makes the credential that a slot names. <same> is the last one once more.
func (c *Corpus) credential(name, last string) (Plant, bool) {
	c.seed++
	switch name {
	case "live":
		return Plant{Kind: detect.SecretKey, Environment: detect.Live, value: detecttest.Key(c.seed, detect.Live)}, true
	case "test":
		return Plant{Kind: detect.SecretKey, Environment: detect.Test, value: detecttest.Key(c.seed, detect.Test)}, true
	case "legacylive":
		return Plant{Kind: detect.LegacyAPIKey, Environment: detect.Live, value: detecttest.LegacyKey(c.seed, detect.Live)}, true
	case "legacytest":
		return Plant{Kind: detect.LegacyAPIKey, Environment: detect.Test, value: detecttest.LegacyKey(c.seed, detect.Test)}, true
	case "webhook":
		return Plant{Kind: detect.WebhookSecret, value: detecttest.WebhookSecret(c.seed)}, true
	case "machine":
		return Plant{Kind: detect.MachineSecretKey, value: detecttest.MachineSecretKey(c.seed)}, true
	case "platform":
		return Plant{Kind: detect.PlatformAPIKey, value: detecttest.PlatformAPIKey(c.seed)}, true
	case "encryption":
		return Plant{Kind: detect.EncryptionKey, value: detecttest.EncryptionKey(c.seed)}, true
	case "oauth":
		return Plant{Kind: detect.OAuthClientSecret, value: detecttest.OAuthClientSecret(c.seed)}, true
	case "claim":
		return Plant{Kind: detect.ClaimURL, value: detecttest.ClaimURL(c.seed)}, true
	case "claimtoken":
		return Plant{Kind: detect.ClaimURL, value: detecttest.ClaimToken(c.seed)}, true
	case "encryptionbase64":
		raw, err := hex.DecodeString(detecttest.EncryptionKey(c.seed))
		if err != nil {
			c.fail("encryption key: %v", err)
		}
		return Plant{Kind: detect.EncryptionKey, value: base64.StdEncoding.EncodeToString(raw)}, true
	case "same":
		if i := slices.IndexFunc(c.Plants, func(p Plant) bool { return p.value == last }); i >= 0 {
			return Plant{Kind: c.Plants[i].Kind, Environment: c.Plants[i].Environment, value: last}, true
		}
		c.fail("<same> without a credential before it")
	}
	return Plant{}, false
}

// public makes what stands near credentials and is none.
func (c *Corpus) public(name string) (string, bool) {
	c.seed++
	switch name {
	case "pktest":
		return detecttest.PublishableKey(detect.Test, "calm-otter-42.clerk.accounts.dev"), true
	case "pklive":
		return detecttest.PublishableKey(detect.Live, "clerk.shop-of-otters.com"), true
	case "apikeysurl":
		return detecttest.APIKeysURL(c.seed), true
	case "appid":
		return detecttest.ID(c.seed, "app_"), true
	}
	return "", false
}
