package githubtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
)

// git runs git in dir, apart from the settings of whoever runs this program.
func (s *Server) git(dir string, stdin io.Reader, args ...string) (string, error) {
	cmd := gitCommand(context.Background(), dir, args...)
	cmd.Stdin = stdin
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, bytes.TrimSpace(stderr.Bytes()))
	}
	return string(out), nil
}

func gitCommand(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "GIT_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(cmd.Env, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0", "LC_ALL=C")
	return cmd
}

// gitHandler serves git's smart HTTP, for fetching alone.
func (s *Server) gitHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{owner}/{repo}/info/refs", s.advertise)
	mux.HandleFunc("POST /{owner}/{repo}/git-upload-pack", s.uploadPack)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "Not Found", http.StatusNotFound) })
	return mux
}

// findForGit finds the repository that the path names, and answers itself where there is none for this caller.
func (s *Server) findForGit(w http.ResponseWriter, r *http.Request) (*Repository, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := func(status int, message string) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, message+"\n")
	}
	g, _, fits := s.checkToken(r)
	if !fits {
		w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
		text(http.StatusUnauthorized, "Bad credentials")
		return nil, false
	}
	of, wiki := strings.CutSuffix(strings.TrimSuffix(r.PathValue("repo"), ".git"), ".wiki")
	name := repositoryKey(r.PathValue("owner"), of)
	repo := s.repositories[name]
	moved := s.moved[name]
	target := repo
	if target == nil {
		target = moved
	}
	switch {
	case target == nil && g == nil, target != nil && target.private && g == nil:
		w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
		text(http.StatusUnauthorized, "Repository not found.")
		return nil, false
	case target == nil, target.private && !g.reaches(target):
		text(http.StatusNotFound, "Repository not found.")
		return nil, false
	case target.private && !g.may("contents", "read"):
		text(http.StatusForbidden, "Resource not accessible by integration")
		return nil, false
	case repo == nil:
		tail := "/git-upload-pack"
		if strings.HasSuffix(r.URL.Path, "/info/refs") {
			tail = "/info/refs?" + r.URL.RawQuery
		}
		suffix := ".git"
		if wiki {
			suffix = ".wiki.git"
		}
		http.Redirect(w, r, "/"+moved.fullName()+suffix+tail, http.StatusMovedPermanently)
		return nil, false
	case wiki && repo.wiki == nil:
		text(http.StatusNotFound, "Repository not found.")
		return nil, false
	case wiki:
		return repo.wiki, true
	}
	return repo, true
}

// advertise is GET info/refs, the start of a clone. Version 2 clients that know what they want do without.
func (s *Server) advertise(w http.ResponseWriter, r *http.Request) {
	if r.URL.Query().Get("service") != "git-upload-pack" {
		http.Error(w, "pushing goes through the stand-in's methods", http.StatusForbidden)
		return
	}
	repo, found := s.findForGit(w, r)
	if !found {
		return
	}
	w.Header().Set("Content-Type", "application/x-git-upload-pack-advertisement")
	w.Header().Set("Cache-Control", "no-cache")
	_, _ = io.WriteString(w, "001e# service=git-upload-pack\n0000")
	s.runUploadPack(w, r, http.NoBody, repo, "--http-backend-info-refs")
}

func (s *Server) uploadPack(w http.ResponseWriter, r *http.Request) {
	repo, found := s.findForGit(w, r)
	if !found {
		return
	}
	if r.Header.Get("Content-Type") != "application/x-git-upload-pack-request" {
		http.Error(w, "Unsupported Media Type", http.StatusUnsupportedMediaType)
		return
	}
	var body io.Reader = r.Body
	if r.Header.Get("Content-Encoding") == "gzip" {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		body = z
	}
	w.Header().Set("Content-Type", "application/x-git-upload-pack-result")
	w.Header().Set("Cache-Control", "no-cache")
	s.runUploadPack(w, r, body, repo)
}

// runUploadPack lets git answer. As on GitHub, any object can be wanted, and filters are known.
func (s *Server) runUploadPack(w http.ResponseWriter, r *http.Request, stdin io.Reader, repo *Repository, flags ...string) {
	args := append([]string{
		"-c", "uploadpack.allowAnySHA1InWant=true", "-c", "uploadpack.allowFilter=true",
		"upload-pack", "--strict", "--stateless-rpc",
	}, flags...)
	cmd := gitCommand(r.Context(), "", append(args, repo.dir)...)
	if version := r.Header.Get("Git-Protocol"); version != "" {
		cmd.Env = append(cmd.Env, "GIT_PROTOCOL="+version)
	}
	cmd.Stdin = stdin
	cmd.Stdout = w
	err := cmd.Run()
	// Git has told the client what it does not like, in a packet, and then ends with an error status.
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		panic(http.ErrAbortHandler)
	}
}
