package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/detect/detecttest"
	"github.com/rekey-app/rekey/github/githubtest"
)

// past lets the App reach another repository, whose history holds keys from before rekey came: the first look finds them, and they are
// open on the dashboard.
func (s *scenario) past(ctx context.Context) error {
	live, test := detecttest.Key(s.seed+2, detect.Live), detecttest.Key(s.seed+3, detect.Test)
	s.keys = append(s.keys, live, test)
	s.clerk.Add(detect.NewSecret(live), detecttest.ID(s.seed+2, "ins_"), detect.Live)
	s.clerk.Add(detect.NewSecret(test), detecttest.ID(s.seed+3, "ins_"), detect.Test)
	var err error
	if s.website, err = s.github.CreateRepository(s.shop.Owner(), "website", githubtest.RepositoryOptions{Private: true}); err != nil {
		return err
	}
	s.website.SetRole(s.ada, "maintain")
	var tip string
	for _, c := range []githubtest.Change{
		{Message: "Start the website", Files: map[string]string{"package.json": "{\n  \"dependencies\": {\n    \"@clerk/remix\": \"^4.0.0\"\n  }\n}\n"}},
		{Message: "Deploy", Files: map[string]string{
			"deploy/values.yaml": "env:\n  CLERK_PUBLISHABLE_KEY: " + detecttest.PublishableKey(detect.Live, "clerk.teahouse.example") + "\n  CLERK_SECRET_KEY: " + live + "\n",
		}},
		{Message: "Take the key out again", Remove: []string{"deploy/values.yaml"}},
		{Message: "Run it on a laptop", Files: map[string]string{"docker-compose.yml": "services:\n  web:\n    environment:\n      CLERK_SECRET_KEY: " + test + "\n"}},
	} {
		c.Author = s.ada
		if tip != "" {
			c.Parents = []string{tip}
		}
		if tip, err = s.website.Commit(c); err != nil {
			return err
		}
	}
	if err := s.website.SetRef("refs/heads/main", tip); err != nil {
		return err
	}
	s.app.Add(ctx, s.ada, s.website)
	return s.github.Settle(ctx)
}

// leadsTo sends browsers on to a page that shows what GitHub's would: the stand-in has no pages of its own but that of signing in.
func leadsTo(page string) githubtest.Fault {
	return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		own := strings.HasPrefix(r.URL.Path, "/api/") || strings.HasPrefix(r.URL.Path, "/login/") || r.Method != http.MethodGet ||
			strings.HasSuffix(r.URL.Path, "/info/refs")
		if own {
			next.ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, page+r.URL.EscapedPath(), http.StatusFound)
	}
}
