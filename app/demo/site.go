package main

import (
	"context"
	"errors"
	"net/http"
	"os/exec"
	"strings"

	"github.com/rekey-app/rekey/github/githubtest"
)

// handler serves the page, and what its links lead to: files and commits of the repository with their keys masked, issues
// and pull requests as places on the page. It takes no input but the path.
func (s *scenario) handler(p page) (http.Handler, error) {
	front, err := execute("page", pageHTML, p)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	send := func(w http.ResponseWriter, body []byte) {
		header := w.Header()
		header.Set("Content-Type", "text/html; charset=utf-8")
		header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'")
		header.Set("X-Content-Type-Options", "nosniff")
		w.Write(body)
	}
	top := "GET " + s.local("")
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { send(w, front) })
	mux.HandleFunc(top+"/blob/{commit}/{path...}", func(w http.ResponseWriter, r *http.Request) {
		path := r.PathValue("path")
		s.showText(w, r, send, path, "cat-file", "blob", r.PathValue("commit")+":"+path)
	})
	mux.HandleFunc(top+"/commit/{commit}", func(w http.ResponseWriter, r *http.Request) {
		commit := r.PathValue("commit")
		s.showText(w, r, send, "commit "+short(commit), "show", "--no-color", "--no-ext-diff", "--no-textconv", "--format=fuller", commit)
	})
	elsewhere := func(id string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/#"+id+r.PathValue("number"), http.StatusFound)
		}
	}
	mux.HandleFunc(top+"/issues/{number}", elsewhere("issue-"))
	mux.HandleFunc(top+"/pull/{number}", elsewhere("timeline"))
	mux.HandleFunc(top+"/pull/{number}/{rest...}", elsewhere("timeline"))
	mux.HandleFunc(top+"/runs/{rest...}", elsewhere("timeline"))
	mux.HandleFunc(top, elsewhere("timeline"))
	// Of the website's, the dashboard links to files and commits.
	mux.HandleFunc("GET /acme/website/blob/{commit}/{path...}", func(w http.ResponseWriter, r *http.Request) {
		path := r.PathValue("path")
		s.showText(w, r, send, path, "cat-file", "blob", r.PathValue("commit")+":"+path)
	})
	mux.HandleFunc("GET /acme/website/commit/{commit}", func(w http.ResponseWriter, r *http.Request) {
		commit := r.PathValue("commit")
		s.showText(w, r, send, "commit "+short(commit), "show", "--no-color", "--no-ext-diff", "--no-textconv", "--format=fuller", commit)
	})
	mux.HandleFunc("GET /acme/website/{rest...}", elsewhere("timeline"))
	return mux, nil
}

// showText shows a text of the repository: what git prints, with its keys masked.
func (s *scenario) showText(w http.ResponseWriter, r *http.Request, send func(http.ResponseWriter, []byte), title string, args ...string) {
	text, err := s.git(r.Context(), args...)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	type page struct {
		Repository, Title string
		Lines             []sourceLine
	}
	p := page{Repository: s.shop.FullName(), Title: title}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		p.Lines = append(p.Lines, sourceLine{Number: i + 1, Before: s.masked(line)})
	}
	body, err := execute("source", sourceHTML, p)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	send(w, body)
}

// git runs git in the shop's repository or, for what only the fork has, there. Arguments that a link brought stand behind
// the options, and no revision begins with a dash.
func (s *scenario) git(ctx context.Context, args ...string) (string, error) {
	err := errors.New("no such revision")
	for _, repository := range []*githubtest.Repository{s.shop, s.fork, s.website} {
		if repository == nil || strings.HasPrefix(args[len(args)-1], "-") {
			continue
		}
		var out []byte
		if out, err = exec.CommandContext(ctx, "git", append([]string{"-C", repository.Dir()}, args...)...).Output(); err == nil {
			return string(out), nil
		}
	}
	return "", err
}
