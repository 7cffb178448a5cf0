package verceltest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest/standin"
)

// deploy deploys what another deployment was made of, with the values of now.
func (v *Vercel) deploy(w http.ResponseWriter, r *http.Request) {
	var body struct {
		DeploymentID string            `json:"deploymentId"`
		Name         string            `json:"name"`
		Target       string            `json:"target"`
		Meta         map[string]string `json:"meta"`
	}
	if json.NewDecoder(r.Body).Decode(&body) != nil || body.Name == "" {
		refuse(w, http.StatusBadRequest, "bad_request", "Invalid request: missing required property `name`.")
		return
	}
	from := v.deployment(body.DeploymentID)
	if from == nil || v.find(from.project).Team != r.URL.Query().Get("teamId") {
		notFound(w)
		return
	}
	if r.URL.Query().Get("forceNew") != "1" {
		standin.JSON(w, http.StatusOK, from.describe()) // there is one of the same sources already
		return
	}
	d := &deployment{id: fmt.Sprintf("dpl_%d", len(v.deployments)), project: from.project, of: from.of, state: "BUILDING"}
	d.values = v.find(d.project).values()
	v.deployments = append(v.deployments, d)
	standin.JSON(w, http.StatusOK, d.describe())
}

func (v *Vercel) deployed(w http.ResponseWriter, r *http.Request) {
	d := v.deployment(r.PathValue("id"))
	if d == nil || v.find(d.project).Team != r.URL.Query().Get("teamId") {
		notFound(w)
		return
	}
	standin.JSON(w, http.StatusOK, d.describe())
}

func (v *Vercel) deployment(id string) *deployment {
	for _, d := range v.deployments {
		if d.id == id {
			return d
		}
	}
	return nil
}

func (d *deployment) describe() map[string]any {
	said := map[string]any{
		"id": d.id, "projectId": d.project, "readyState": d.state, "target": "production", "aliasAssigned": d.live, "aliasError": nil,
		"url": d.id + ".vercel.app", "inspectorUrl": "https://vercel.com/acme/shop/" + d.id,
	}
	if d.state == "ERROR" {
		said["errorCode"], said["errorMessage"] = "BUILD_FAILED", "Command \"npm run build\" exited with 1"
	}
	return said
}

// deployments lists those of a project in some states, newest first.
func (v *Vercel) listDeployments(w http.ResponseWriter, r *http.Request) {
	query, list := r.URL.Query(), []any{}
	for _, d := range slices.Backward(v.deployments) {
		if d.project == query.Get("projectId") && query.Get("target") == "production" && slices.Contains(strings.Split(query.Get("state"), ","), d.state) {
			list = append(list, map[string]any{"uid": d.id, "state": d.state})
		}
	}
	standin.JSON(w, http.StatusOK, map[string]any{"deployments": list, "pagination": map[string]any{"count": len(list)}})
}

// Push is somebody else's production deployment of a newer commit, which is under way.
func (v *Vercel) Push(project string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.deployments = append(v.deployments, &deployment{id: fmt.Sprintf("dpl_%d", len(v.deployments)), project: project, of: "newer", state: "QUEUED"})
}
