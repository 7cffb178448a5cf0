package githubtest

import (
	"compress/gzip"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// SARIF is a log that was uploaded for code scanning.
type SARIF struct {
	ID          string
	Commit, Ref string
	Tool        string
	Log         []byte
	At          time.Time
}

// maxSARIF is how many bytes of a compressed log GitHub takes.
const maxSARIF = 10 << 20

// SARIFs lists what was uploaded, oldest first.
func (r *Repository) SARIFs() []SARIF {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return append([]SARIF(nil), r.sarifs...)
}

// RefuseSARIF has uploads refused in GitHub's words; "": they are taken again.
func (r *Repository) RefuseSARIF(message string) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	r.noScanning = message
}

// uploadSARIF is POST /repos/{owner}/{repo}/code-scanning/sarifs.
func uploadSARIF(c *call) answer {
	if c.repo.noScanning != "" {
		return fail(http.StatusForbidden, c.repo.noScanning)
	}
	var req struct {
		Commit string `json:"commit_sha"`
		Ref    string `json:"ref"`
		SARIF  string `json:"sarif"`
		Tool   string `json:"tool_name"`
	}
	if a, fits := c.decode(&req); !fits {
		return a
	}
	if !strings.HasPrefix(req.Ref, "refs/") {
		return fail(http.StatusBadRequest, "ref must be a full ref")
	}
	if !c.repo.hasCommit(req.Commit) {
		return fail(http.StatusNotFound, "Not Found")
	}
	log, problem := unpackSARIF(req.SARIF)
	if problem != "" {
		return fail(http.StatusBadRequest, problem)
	}
	up := SARIF{ID: uuid.NewString(), Commit: req.Commit, Ref: req.Ref, Tool: req.Tool, Log: log, At: c.s.opt.Now()}
	c.repo.sarifs = append(c.repo.sarifs, up)
	return answer{status: http.StatusAccepted, body: object{
		"id": up.ID, "url": c.s.APIURL() + "/repos/" + c.repo.fullName() + "/code-scanning/sarifs/" + up.ID,
	}}
}

// unpackSARIF reads a log as it is uploaded, or says what is wrong with it.
func unpackSARIF(text string) (log []byte, problem string) {
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, "sarif is not base64"
	}
	if len(packed) > maxSARIF {
		return nil, "sarif is too large"
	}
	z, err := gzip.NewReader(strings.NewReader(string(packed)))
	if err != nil {
		return nil, "sarif is not gzip"
	}
	if log, err = io.ReadAll(z); err != nil {
		return nil, "sarif is not gzip"
	}
	return log, ""
}
