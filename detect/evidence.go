package detect

import (
	"bytes"
	"encoding/base64"
	"sort"
	"strings"

	"github.com/rekey-app/rekey/detect/encoding"

	"github.com/rekey-app/rekey/detect/budget"
)

// publishable is a publishable key that names a Clerk instance.
type publishable struct {
	at   int
	host string // Frontend API
}

// evidence is what a stretch of text says for Clerk.
type evidence struct {
	live, test []publishable // in the order of their places
	word       string        // a literal that only texts about Clerk hold
	pages      []publishable // API-keys pages, as host

	text  []byte // that was read
	hooks *hooks // of text; nil until they are asked for
}

// clerkWords are what only texts about Clerk hold.
var clerkWords = [...]string{
	"clerk.accounts.dev", "dashboard.clerk.com", "api.clerk.com", "api.clerk.dev", "@clerk/", "clerk_backend_api",
	"clerk-backend-api", "clerk-sdk-go", "clerk-sdk-ruby", "createClerkClient", "Clerk(bearer_auth", "clerkMiddleware",
}

// signs are the literals that evidence starts with: clerkWords, then those of publishable keys, plain and in base64.
func signs() []string {
	return append(clerkWords[:len(clerkWords):len(clerkWords)], "pk_live_", "pk_test_", "cGtfbGl2ZV", "cGtfdGVzdF")
}

// gather reads the evidence in area, whose first byte has the offset base. It asks step, at each sign, whether to go on.
func (s *Scanner) gather(area []byte, base int, step func(steps int) bool) evidence {
	e := evidence{text: area}
	c := s.signs.Cursor(area, 0)
	for {
		at, i := c.Next()
		if at < 0 || !step(signSteps) {
			return e
		}
		rest := area[at:min(len(area), at+400)]
		if i < len(clerkWords) {
			if e.word == "" && (i != 0 || !bytes.Contains(rest[:min(len(rest), 24)], []byte("clerk.io"))) {
				e.word = clerkWords[i]
			}
			if clerkWords[i] == "dashboard.clerk.com" {
				if page := parsePage(rest); page != "" {
					e.pages = append(e.pages, publishable{base + at, page})
				}
			}
			continue
		}
		body := string(rest)
		if i >= len(clerkWords)+2 {
			end := 0
			for end < len(rest) && encoding.IsBase64(rest[end]) {
				end++
			}
			plain, err := base64.RawStdEncoding.DecodeString(body[:end])
			if err != nil {
				continue
			}
			body = string(plain)
		}
		env, host, ok := parsePublishable(body)
		if !ok && i < len(clerkWords)+2 {
			env, host, ok = parseSized(area, at)
		}
		switch {
		case ok && env == Live:
			e.live = append(e.live, publishable{base + at, host})
		case ok:
			e.test = append(e.test, publishable{base + at, host})
		}
	}
}

// longestHost is the length of the longest name in DNS.
const longestHost = 253

// parsePage reads the address of an API-keys page behind its scheme. Slashes may be escaped.
func parsePage(s []byte) string {
	end := 0
	for end < len(s) && (encoding.IsBase62(s[end]) || strings.IndexByte("./_-\\", s[end]) >= 0) {
		end++
	}
	page := strings.ReplaceAll(string(s[:end]), "\\", "")
	parts := strings.Split(page, "/")
	if len(parts) != 6 || parts[1] != "apps" || !strings.HasPrefix(parts[2], "app_") || parts[3] != "instances" ||
		!strings.HasPrefix(parts[4], "ins_") || parts[5] != "api-keys" {
		return ""
	}
	return "https://" + page
}

// PublishableKey returns the environment of a publishable key, and the host of its instance's Frontend API, which the key encodes. ok is
// false for what is none.
func PublishableKey(key string) (env Environment, host string, ok bool) { return parsePublishable(key) }

// parsePublishable reads the publishable key at the start of s. Placeholders such as …$ in the wrong place are none.
func parsePublishable(s string) (env Environment, host string, ok bool) {
	switch {
	case strings.HasPrefix(s, "pk_live_"):
		env = Live
	case strings.HasPrefix(s, "pk_test_"):
		env = Test
	default:
		return "", "", false
	}
	s = s[len("pk_live_"):]
	end := 0
	for end < len(s) && (encoding.IsBase62(s[end]) || s[end] == '+' || s[end] == '/') {
		end++
	}
	decoded, err := base64.RawStdEncoding.DecodeString(s[:end])
	if err != nil {
		return "", "", false
	}
	host, ok = strings.CutSuffix(string(decoded), "$")
	if !ok || !strings.Contains(host, ".") || len(host) > longestHost {
		return "", "", false
	}
	return env, host, all(host, func(c byte) bool { return encoding.IsBase62(c) || c == '.' || c == '-' })
}

// parseSized is parsePublishable for a key at text[at:] in a binary format, where what follows may be more base64: the key ends
// where the name of its host does, and its length is before it.
func parseSized(text []byte, at int) (env Environment, host string, ok bool) {
	const prefix = len("pk_live_")
	body := text[min(len(text), at+prefix):]
	end := 0
	for end < min(len(body), longestHost*4/3+4) && (encoding.IsBase62(body[end]) || body[end] == '+' || body[end] == '/') {
		end++
	}
	whole := string(body[:end]) + "AAA" // to the end of a group
	decoded, err := base64.RawStdEncoding.DecodeString(whole[:len(whole)&^3])
	dollar := bytes.IndexByte(decoded, '$')
	if err != nil || dollar < 0 {
		return "", "", false
	}
	n := prefix + ((dollar+1)*8+5)/6
	if !isSized(text, at, n) {
		return "", "", false
	}
	return parsePublishable(string(text[at : at+n]))
}

// instance returns the host of the publishable key of the environment that stands nearest to at.
func (e *evidence) instance(at int, env Environment) string {
	if env == Live {
		return nearest(e.live, at).host
	}
	return nearest(e.test, at).host
}

// any returns the host of the publishable key that stands nearest to at, of either environment.
func (e *evidence) any(at int) string {
	a, b := nearest(e.live, at), nearest(e.test, at)
	if a.host == "" || b.host != "" && distance(b.at, at) < distance(a.at, at) {
		return b.host
	}
	return a.host
}

// page returns the API-keys page that stands nearest to at.
func (e *evidence) page(at int) string { return nearest(e.pages, at).host }

func nearest(keys []publishable, at int) publishable {
	i := sort.Search(len(keys), func(i int) bool { return keys[i].at >= at })
	switch {
	case len(keys) == 0:
		return publishable{}
	case i == len(keys) || i > 0 && distance(keys[i-1].at, at) <= distance(keys[i].at, at):
		return keys[i-1]
	}
	return keys[i]
}

func distance(a, b int) int { return max(a-b, b-a) }

const (
	// areaAll is the size up to which the whole of a stored text is read for evidence. In larger ones it is the block of a
	// finding and those to either side.
	areaAll   = budget.Evidence
	areaBlock = budget.EvidenceBlock
	// decodedBlock is areaBlock for what was decoded.
	decodedBlock = budget.EvidenceDecoded
)

// area is the evidence around the last finding in a view.
type area struct {
	evidence
	block int
}

// evidenceNear returns the evidence of v around at.
func (r *run) evidenceNear(v *view, at int) *evidence {
	size := areaBlock
	if v.parent != nil {
		size = decodedBlock
	} else if len(v.text) <= areaAll {
		size = areaAll
	}
	block := at / size
	if v.area != nil && v.area.block == block {
		return &v.area.evidence
	}
	from := max(0, (block-1)*size)
	part := v.text[from:min(len(v.text), (block+2)*size)]
	r.step(v, len(part)/budget.SearchedPerStep)
	v.area = &area{r.s.gather(part, from, func(n int) bool { return r.step(v, n) }), block}
	return &v.area.evidence
}
