package detect

import (
	"bytes"
	"encoding/base64"
	"strings"
)

// publishable is a publishable key that names a Clerk instance.
type publishable struct {
	at   int // in the area
	env  Environment
	host string // Frontend API
}

// evidence is what a stretch of text says for Clerk.
type evidence struct {
	keys      []publishable
	word      string // a literal that only code with Clerk in it has
	dashboard string // API-keys page
}

// clerkWords are what only texts about Clerk hold.
var clerkWords = [...]string{
	"clerk.accounts.dev", "dashboard.clerk.com", "api.clerk.com", "api.clerk.dev", "@clerk/", "clerk_backend_api",
	"clerk-backend-api", "clerk-sdk-go", "clerk-sdk-ruby", "createClerkClient", "Clerk(bearer_auth", "clerkMiddleware",
	"CLERK_PUBLISHABLE_KEY", "CLERK_SECRET_KEY",
}

// gather reads the evidence in area.
func gather(area []byte) evidence {
	var e evidence
	for at := 0; ; {
		i := bytes.Index(area[at:], []byte("pk_"))
		if i < 0 {
			break
		}
		at += i + 3
		rest := area[at:]
		if len(rest) > 128 {
			rest = rest[:128]
		}
		if env, host, ok := parsePublishable(string(rest)); ok {
			e.keys = append(e.keys, publishable{at - 3, env, host})
		}
	}
	for _, w := range clerkWords {
		if bytes.Contains(area, []byte(w)) {
			e.word = w
			break
		}
	}
	if i := bytes.Index(area, []byte("https://dashboard.clerk.com/apps/app_")); i >= 0 {
		rest := area[i:min(len(area), i+160)]
		end := bytes.IndexFunc(rest, func(r rune) bool { return r >= 0x80 || !isBase62(byte(r)) && !strings.ContainsRune(":/._-", r) })
		if end > 0 {
			if page := string(rest[:end]); strings.Contains(page, "/instances/ins_") && strings.HasSuffix(page, "/api-keys") {
				e.dashboard = page
			}
		}
	}
	return e
}

// parsePublishable reads the environment and body of a publishable key, what stands behind "pk_".
func parsePublishable(s string) (env Environment, host string, ok bool) {
	switch {
	case strings.HasPrefix(s, "live_"):
		env = Live
	case strings.HasPrefix(s, "test_"):
		env = Test
	default:
		return "", "", false
	}
	s = s[5:]
	end := 0
	for end < len(s) && (isBase62(s[end]) || s[end] == '+' || s[end] == '/') {
		end++
	}
	decoded, err := base64.RawStdEncoding.DecodeString(s[:end])
	if err != nil {
		return "", "", false
	}
	host, ok = strings.CutSuffix(string(decoded), "$")
	if !ok || !strings.Contains(host, ".") || len(host) > 253 {
		return "", "", false
	}
	for i := range len(host) {
		if c := host[i]; !isBase62(c) && c != '.' && c != '-' {
			return "", "", false
		}
	}
	return env, host, true
}

// nearest returns the host of the publishable key that stands nearest to at, of the environment env ("" is any).
func (e evidence) nearest(at int, env Environment) string {
	best, host := -1, ""
	for _, k := range e.keys {
		if env != "" && k.env != env {
			continue
		}
		if d := max(k.at-at, at-k.at); best < 0 || d < best {
			best, host = d, k.host
		}
	}
	return host
}
