package verceltest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/rekey-app/rekey/app/rotate/destination/destinationtest/standin"
)

// says is an entry as lists have it: no value that can be read.
func (e *Env) says() map[string]any {
	said := map[string]any{
		"id": e.ID, "key": e.Key, "type": e.Type, "target": e.Target, "customEnvironmentIds": e.Custom, "comment": e.Comment,
		"updatedAt": e.Updated.UnixMilli(), "configurationId": nil, "value": "",
	}
	if e.Type == "encrypted" {
		said["value"], said["decrypted"] = "zBVLLQi9gyWcZ38Yh44FV3DVhJb6HrQLVaZBtlg6xRLe", false
	}
	if e.GitBranch != "" {
		said["gitBranch"] = e.GitBranch
	}
	if e.Configuration != "" {
		said["configurationId"] = e.Configuration
	}
	if e.Hint != "" {
		said["contentHint"] = map[string]string{"type": e.Hint, "storeId": "store_1"}
	}
	return said
}

func (e *Env) readable() map[string]any {
	said := e.says()
	if !e.Sealed && (e.Type == "plain" || e.Type == "encrypted") {
		said["value"], said["decrypted"] = e.Value, true
	}
	return said
}

func (v *Vercel) envs(w http.ResponseWriter, _ *http.Request, p *Project) {
	envs := []any{}
	for i := range p.Env {
		envs = append(envs, p.Env[i].says())
	}
	standin.JSON(w, http.StatusOK, map[string]any{"envs": envs, "hiddenProductionEnvCount": p.Hidden})
}

func (v *Vercel) read(w http.ResponseWriter, r *http.Request, p *Project) {
	e := p.env(r.PathValue("env"))
	if e == nil {
		notFound(w)
		return
	}
	standin.JSON(w, http.StatusOK, e.readable())
}

func (v *Vercel) patch(w http.ResponseWriter, r *http.Request, p *Project) {
	e := p.env(r.PathValue("env"))
	if e == nil {
		notFound(w)
		return
	}
	var body struct {
		Value     *string  `json:"value"`
		Key       *string  `json:"key"`
		Target    []string `json:"target"`
		CustomIDs []string `json:"customEnvironmentIds"`
		Type      *string  `json:"type"`
		GitBranch *string  `json:"gitBranch"`
		Comment   *string  `json:"comment"`
	}
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&body); err != nil {
		refuse(w, http.StatusBadRequest, "bad_request", "Invalid request: "+err.Error())
		return
	}
	changed := *e
	set(&changed.Value, body.Value)
	set(&changed.Key, body.Key)
	set(&changed.Type, body.Type)
	set(&changed.GitBranch, body.GitBranch)
	set(&changed.Comment, body.Comment)
	if body.Target != nil {
		changed.Target = body.Target
	}
	if body.CustomIDs != nil {
		changed.Custom = body.CustomIDs
	}
	switch {
	case !slices.Contains([]string{"system", "encrypted", "plain", "sensitive"}, changed.Type):
		refuse(w, http.StatusBadRequest, "bad_request", "Invalid request: `type` should be equal to one of the allowed values.")
	case changed.GitBranch != "" && !slices.Equal(changed.Target, []string{"preview"}):
		refuse(w, http.StatusBadRequest, "bad_request", "Git branch can only be set for the preview target.")
	case changed.Type == "sensitive" && slices.Contains(changed.Target, "development"):
		refuse(w, http.StatusBadRequest, "bad_request", "Sensitive variables can't be used in development.")
	default:
		changed.Updated = v.now().Add(time.Second)
		*e = changed
		standin.JSON(w, http.StatusOK, e.says())
	}
}

func set(field, value *string) {
	if value != nil {
		*field = *value
	}
}

func (v *Vercel) custom(w http.ResponseWriter, _ *http.Request, p *Project) {
	environments := []any{}
	for id, slug := range p.Custom {
		environments = append(environments, map[string]string{"id": id, "slug": slug, "type": "preview"})
	}
	standin.JSON(w, http.StatusOK, map[string]any{"environments": environments})
}

func (v *Vercel) listShared(w http.ResponseWriter, r *http.Request) {
	data := []any{}
	for _, e := range v.shared {
		if r.URL.Query().Get("teamId") == Team {
			data = append(data, e.says())
		}
	}
	standin.JSON(w, http.StatusOK, map[string]any{"data": data})
}

func (v *Vercel) readShared(w http.ResponseWriter, r *http.Request) {
	for _, e := range v.shared {
		if e.ID == r.PathValue("env") {
			standin.JSON(w, http.StatusOK, e.readable())
			return
		}
	}
	notFound(w)
}
