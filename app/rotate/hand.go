package rotate

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/rekey-app/rekey/respond/guide"
)

// reached says which driver reaches a host that the guide names. Hosts without one are a person's.
func reached(host string) string {
	switch host {
	case "Cloudflare Workers", "Cloudflare Pages":
		return "cloudflare"
	case "GitHub Actions":
		return "github"
	case "Vercel", "Netlify", "Fly", "Railway", "Render", "Heroku", "Doppler", "Kubernetes":
		return strings.ToLower(host)
	case "AWS ECS", "AWS App Runner":
		return "aws"
	case "Google Cloud Run", "Google App Engine":
		return "gcp"
	}
	return ""
}

// byHand are the hosts that the repository's files name and that no driver wrote to, with what a person does there.
func byHand(ctx context.Context, l guide.Leak, files guide.Files, surveys []Survey, only, skip []string) []Hand {
	var out []Hand
	for _, s := range guide.Settings(ctx, l, files) {
		driver := reached(s.Host)
		i := slices.IndexFunc(surveys, func(v Survey) bool { return v.Driver == driver })
		switch {
		case i >= 0 && len(surveys[i].Places) > 0:
			continue // the plan says what is written there, and what isn't
		case driver != "" && !wanted(driver, only, skip), driver == "" && len(only) > 0:
			continue // a person said that it is not wanted
		}
		out = append(out, Hand{Host: s.Host, Text: instruction(plain(s.Step.Text))})
	}
	return out
}

// instruction fits a step of the guide to a list: the files that it begins with are behind the host's name there, and a shell has no variable yet.
func instruction(text string) string {
	if files, rest, ok := strings.Cut(text, ").\n"); ok && strings.HasPrefix(files, "(") {
		text = "as " + strings.TrimPrefix(files, "(") + " shows, run\n" + rest
	}
	if at := strings.Index(text, "\n    "); at >= 0 && strings.Contains(text, "$NEW_KEY") {
		text = text[:at] + "\n    read -rs NEW_KEY     # paste it, and press Enter" + text[at:]
	}
	return text
}

var markdownLink = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\[([^\]]+)\]\((https?://[^)\s]+)\)`) })

// plain writes the Markdown of a step for a terminal: commands on lines of their own, no signs.
func plain(step string) string {
	var out []string
	fenced := false
	for line := range strings.Lines(step) {
		line = strings.TrimRight(line, "\n")
		switch trimmed := strings.TrimSpace(line); {
		case strings.HasPrefix(trimmed, "```"):
			fenced = !fenced
		case fenced:
			out = append(out, "    "+trimmed)
		case trimmed != "":
			trimmed = markdownLink().ReplaceAllString(trimmed, "$1 ($2)")
			out = append(out, strings.NewReplacer("**", "", "`", "").Replace(trimmed))
		}
	}
	return strings.Join(out, "\n")
}
