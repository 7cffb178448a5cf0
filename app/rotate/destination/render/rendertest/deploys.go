package rendertest

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest/standin"
)

func (r *Render) deploys(w http.ResponseWriter, req *http.Request, s *Service) {
	page := []any{}
	status := req.URL.Query().Get("status")
	for i := len(s.deploys) - 1; i >= 0 && len(page) == 0; i-- {
		if d := s.deploys[i]; status == "" || d.status == status {
			page = append(page, map[string]any{"cursor": d.id, "deploy": d.describe()})
		}
	}
	standin.JSON(w, http.StatusOK, page)
}

// deploy deploys a commit, and without one the newest of the branch.
func (r *Render) deploy(w http.ResponseWriter, req *http.Request, s *Service) {
	var body struct {
		CommitID   string `json:"commitId"`
		DeployMode string `json:"deployMode"`
	}
	_ = json.NewDecoder(req.Body).Decode(&body) // none is one without anything
	commit := s.Head
	switch {
	case body.CommitID != "" && (body.DeployMode == "deploy_only" || s.Type == "cron_job"):
		refuse(w, http.StatusBadRequest, "bad_request", "commitId can't be used here")
		return
	case body.CommitID != "":
		commit = body.CommitID
	case body.DeployMode == "deploy_only":
		commit = s.Commit
	}
	d := &deploy{id: fmt.Sprintf("dep-%d", len(s.deploys)), status: "build_in_progress", commit: commit}
	s.deploys = append(s.deploys, d)
	if r.queues {
		w.WriteHeader(http.StatusAccepted)
		return
	}
	standin.JSON(w, http.StatusCreated, d.describe())
}

func (r *Render) deployed(w http.ResponseWriter, req *http.Request, s *Service) {
	for _, d := range s.deploys {
		if d.id == req.PathValue("deploy") {
			standin.JSON(w, http.StatusOK, d.describe())
			return
		}
	}
	notFound(w)
}

func (d *deploy) describe() map[string]any {
	return map[string]any{"id": d.id, "status": d.status, "commit": map[string]string{"id": d.commit, "message": "a commit"}, "trigger": "api"}
}

// Push is somebody else's deploy of a newer commit, which is under way.
func (r *Render) Push(service string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range r.services {
		if s.ID == service {
			s.deploys = append(s.deploys, &deploy{id: fmt.Sprintf("dep-%d", len(s.deploys)), status: "created", commit: "newer"})
		}
	}
}
