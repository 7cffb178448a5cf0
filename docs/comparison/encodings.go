package main

import (
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"
	"unicode/utf16"
)

// encoders write a credential in other words. The names stand in templates behind "|".
var encoders = map[string]func(string) string{
	"base64":         func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64-newline": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s + "\n")) },
	"base64-raw":     func(s string) string { return base64.RawStdEncoding.EncodeToString([]byte(s)) },
	"base64-twice": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte(s))))
	},
	// The three alignments, by what stands before the key.
	"base64-0": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte("CLERK_SECRET_KEY: " + s + "\n"))
	},
	"base64-1": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte("NUXT_CLERK_SECRET_KEY=" + s + "\n"))
	},
	"base64-2": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte("CLERK_SECRET_KEY=" + s + "\nPORT=80\n"))
	},
	"base64url": func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(`{"clerk":"` + s + `"}`)) },
	"mime":      func(s string) string { return wrapped(s, 76) },
	"pem":       func(s string) string { return wrapped(s, 64) },
	"base64-url-json": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte(`{"claimUrl":"` + s + `"}`))
	},
	"json":      func(s string) string { return strings.ReplaceAll(s, "/", `\/`) },
	"query":     url.QueryEscape,
	"hex":       func(s string) string { return hex.EncodeToString([]byte(s)) },
	"hex-upper": func(s string) string { return strings.ToUpper(hex.EncodeToString([]byte(s))) },
	"percent":   func(s string) string { return strings.ReplaceAll(s, "_", "%5F") },
	"unicode":   func(s string) string { return strings.ReplaceAll(s, "_", `\u005f`) },
	"escape":    func(s string) string { return strings.ReplaceAll(s, "_", `\x5f`) },
	"entity":    func(s string) string { return strings.ReplaceAll(s, "_", "&#95;") },
	"entityhex": func(s string) string { return strings.ReplaceAll(s, "_", "&#x5f;") },
	"lowbar":    func(s string) string { return strings.ReplaceAll(s, "_", "&lowbar;") },
	"markdown":  func(s string) string { return strings.ReplaceAll(s, "_", `\_`) },
	"plus":      func(s string) string { return `"` + s[:8] + `" + "` + s[8:] + `"` },
	"plusline":  func(s string) string { return `"` + s[:20] + "\" +\n    \"" + s[20:] + `"` },
	"adjacent":  func(s string) string { return `"` + s[:8] + `" "` + s[8:] + `"` },
	"continued": func(s string) string { return s[:24] + "\\\n" + s[24:] },
}

// wrapped is base64 in lines, of the credential within a file's worth of settings.
func wrapped(s string, width int) string {
	text := base64.StdEncoding.EncodeToString([]byte("NODE_ENV=production\nCLERK_SECRET_KEY=" + s + "\nPORT=80\nLOG_LEVEL=warn\n"))
	var lines []string
	for len(text) > width {
		lines = append(lines, text[:width])
		text = text[width:]
	}
	return strings.Join(append(lines, text), "\n")
}

// encodings plants credentials that do not stand there in plain text.
func (c *Corpus) encodings() {
	c.file("encoded/secret.yaml", "kind: Secret\ndata:\n  CLERK_SECRET_KEY: <live|base64>\n  OLD_CLERK_SECRET_KEY: <live|base64-newline>\n")
	c.file("encoded/sealed.yaml", "kind: Secret\ndata:\n  a.env: <live|base64-0>\n  b.env: <live|base64-1>\n  c.env: <test|base64-2>\n")
	c.file("encoded/raw.json", "{\"clerk\": \"<test|base64-raw>\"}\n")
	c.file("encoded/token.txt", "token=<test|base64url>\n")
	c.file("encoded/twice.yaml", "clerk: <live|base64-twice>\n")
	c.file("encoded/mail.eml", "Subject: the settings\nContent-Transfer-Encoding: base64\n\n<live|mime>\n")
	c.file("encoded/settings.pem", "-----BEGIN SETTINGS-----\n<test|pem>\n-----END SETTINGS-----\n")
	c.file("encoded/dump.hex", "clerk <live|hex>\nclerk <test|hex-upper>\n")
	c.file("encoded/address.txt", "https://app.example.com/?clerk=<live|percent>&page=2\n")
	c.file("encoded/escaped.json", "{\"clerk_secret_key\": \"<live|unicode>\"}\n")
	c.file("encoded/escaped.js", "const clerk = '<test|escape>';\n")
	c.file("encoded/page.html", "<td>clerk <live|entity></td>\n<td>clerk <test|entityhex></td>\n<td>clerk <live|lowbar></td>\n")
	c.file("encoded/notes.md", "the clerk key is <live|markdown>\n")
	c.file("encoded/joined.ts", "const clerkKey = <live|plus>;\nconst otherClerkKey =\n    <test|plusline>;\n")
	c.file("encoded/joined.py", "clerk_key = (<live|adjacent>)\n")
	c.file("encoded/Dockerfile", "FROM scratch\nENV CLERK_SECRET_KEY=<live|continued>\n")
	c.file("encoded/app.properties", "clerk.secret-key=<test|continued>\n")

	c.wide("wide/le.env", "CLERK_SECRET_KEY=<live>\r\nPORT=80\r\n", false, true)
	c.wide("wide/be.env", "PORT=80\nCLERK_SECRET_KEY=<test>\n", true, true)
	c.wide("wide/le-unmarked.reg", "[Settings]\r\n\"ClerkSecretKey\"=\"<live>\"\r\n", false, false)
	c.wide("wide/be-unmarked.txt", "clerk <test>\n", true, false)
}

// wide writes a file in UTF-16, with a byte order mark or without.
func (c *Corpus) wide(path, template string, bigEndian, mark bool) {
	from := len(c.Plants)
	units := utf16.Encode([]rune(string(c.fill(path, template))))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for i := range c.Plants[from:] {
		c.Plants[from+i].Encoding = "utf-16"
	}
	var out []byte
	for _, u := range units {
		low, high := byte(u), byte(u>>8)
		if bigEndian {
			low, high = high, low
		}
		out = append(out, low, high)
	}
	c.add(path, out)
}
