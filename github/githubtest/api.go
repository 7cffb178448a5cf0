package githubtest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/gorilla/mux"
)

// call is one REST request on its way through an endpoint.
type call struct {
	s     *Server
	r     *http.Request
	grant *grant      // the installation token's; nil for the App itself and for nobody
	repo  *Repository // where the path names one
}

// address is where the request went, without its query.
func (c *call) address() string { return c.s.APIURL() + c.r.URL.EscapedPath() }

// path reads a part of the path; one that is not well escaped is taken as it is.
func (c *call) path(name string) string { return pathValue(c.r, name) }

func pathValue(r *http.Request, name string) string {
	raw := mux.Vars(r)[name]
	if text, err := url.PathUnescape(raw); err == nil {
		return text
	}
	return raw
}

// number reads a number out of the path; -1 if it is none.
func (c *call) number(name string) int64 {
	n, err := strconv.ParseInt(c.path(name), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// decode reads the JSON body into v. An absent body, and null, leave v as it is.
func (c *call) decode(v any) (answer, bool) {
	text, err := io.ReadAll(c.r.Body)
	if err != nil {
		return fail(http.StatusBadRequest, "Problems reading the body"), false
	}
	if len(bytes.TrimSpace(text)) == 0 {
		return answer{}, true
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fail(http.StatusBadRequest, "Problems parsing JSON"), false
	}
	return answer{}, true
}

// endpoint answers a call. It runs with the server's lock held.
type endpoint func(c *call) answer

// restHandler serves REST below /api/v3.
func (s *Server) restHandler() http.Handler {
	router := mux.NewRouter().UseEncodedPath().SkipClean(true)
	handle := func(pattern string, h http.Handler) {
		method, path, _ := strings.Cut(pattern, " ")
		router.Handle(path, h).Methods(method)
	}
	app := func(pattern string, e endpoint) { handle(pattern, s.asApp(e)) }
	token := func(pattern string, e endpoint) { handle(pattern, s.asInstallation(e)) }
	repo := func(method, path, permission, level string, e endpoint) {
		handle(method+" /repos/{owner}/{repo}"+path, s.inRepository(permission, level, e))
	}

	app("GET /app", getApp)
	app("GET /app/installations", listInstallations)
	app("GET /app/installations/{id:[0-9]+}", getInstallation)
	app("POST /app/installations/{id:[0-9]+}/access_tokens", createToken)
	app("GET /app/hook/config", getHookConfig)
	app("GET /app/hook/deliveries", listDeliveries)
	app("GET /app/hook/deliveries/{id:[0-9]+}", getDelivery)
	app("POST /app/hook/deliveries/{id:[0-9]+}/attempts", redeliver)

	handle("POST /app-manifests/{code}/conversions", s.asAnybody(convertManifest))

	token("GET /installation/repositories", listInstallationRepositories)
	token("GET /orgs/{org}/teams/{slug}/memberships/{user}", getTeamMembership)

	handle("GET /user", s.asUser(getUser))
	handle("GET /user/installations", s.asUser(listUserInstallations))
	handle("GET /user/installations/{id:[0-9]+}/repositories", s.asUser(listUserRepositories))
	handle("DELETE /applications/{client}/token", http.HandlerFunc(s.deleteUserToken))

	handle("GET /user/repos", s.asUser(listOwnRepositories))
	handle("GET /users/{user}", s.asReader(getAccount))
	handle("GET /users/{user}/repos", s.asReader(listAccountRepositories))
	handle("GET /orgs/{org}/repos", s.asReader(listOrganizationRepositories))
	repo("GET", "", "metadata", "read", getRepository)
	repo("GET", "/branches/{branch}", "contents", "read", getBranch)
	repo("GET", "/rules/branches/{branch}", "metadata", "read", listBranchRules)
	repo("GET", "/rulesets", "metadata", "read", listRulesets)
	repo("GET", "/rulesets/{id:[0-9]+}", "metadata", "read", getRuleset)

	repo("GET", "/collaborators/{user}/permission", "metadata", "read", getPermission)
	repo("GET", "/assignees/{user}", "metadata", "read", checkAssignee)
	repo("GET", "/contents/{path:.*}", "contents", "read", getContents)

	repo("POST", "/check-runs", "checks", "write", createCheckRun)
	repo("PATCH", "/check-runs/{id:[0-9]+}", "checks", "write", updateCheckRun)
	repo("GET", "/check-runs/{id:[0-9]+}", "checks", "read", getCheckRun)
	repo("GET", "/check-runs/{id:[0-9]+}/annotations", "checks", "read", listAnnotations)
	repo("GET", "/commits/{ref:.+}/check-runs", "checks", "read", listCheckRuns)

	repo("GET", "/issues", "issues", "read", listIssues)
	repo("POST", "/issues", "issues", "write", createIssue)
	repo("GET", "/issues/comments", "issues", "read", listAllComments)
	repo("GET", "/issues/{number:[0-9]+}", "issues", "read", getIssue)
	repo("PATCH", "/issues/{number:[0-9]+}", ofThreads, "write", editIssue)
	repo("GET", "/issues/{number:[0-9]+}/comments", "issues", "read", listComments)
	repo("POST", "/issues/{number:[0-9]+}/comments", toComment, "write", createComment)
	repo("GET", "/issues/comments/{id:[0-9]+}", "issues", "read", getComment)
	repo("PATCH", "/issues/comments/{id:[0-9]+}", ofThreads, "write", editComment)
	repo("DELETE", "/issues/comments/{id:[0-9]+}", ofThreads, "write", deleteComment)

	repo("GET", "/pulls/comments", "pull_requests", "read", listReviewComments)
	repo("GET", "/pulls/comments/{id:[0-9]+}", "pull_requests", "read", getReviewComment)
	repo("DELETE", "/pulls/comments/{id:[0-9]+}", "pull_requests", "write", deleteReviewComment)
	repo("GET", "/comments", "contents", "read", listCommitComments)

	repo("GET", "/releases", "contents", "read", listReleases)
	repo("GET", "/releases/{id:[0-9]+}", "contents", "read", getRelease)
	repo("GET", "/releases/assets/{id:[0-9]+}", "contents", "read", getAsset)
	repo("GET", "/actions/runs", "actions", "read", listRuns)
	repo("GET", "/actions/runs/{id:[0-9]+}/logs", "actions", "read", getRunLogs)
	repo("GET", "/actions/runs/{id:[0-9]+}/jobs", "actions", "read", listRunJobs)
	repo("DELETE", "/actions/runs/{id:[0-9]+}/logs", "actions", "write", deleteRunLogs)
	repo("GET", "/environments", "actions", "read", listEnvironments)
	s.secretRoutes(handle, repo)

	const alerts, scanning = "secret_scanning_alerts", "security_events"
	repo("GET", "/secret-scanning/alerts/{number:[0-9]+}", alerts, "read", getAlert)
	repo("PATCH", "/secret-scanning/alerts/{number:[0-9]+}", alerts, "write", editAlert)
	repo("GET", "/secret-scanning/alerts/{number:[0-9]+}/locations", alerts, "read", listAlertLocations)
	repo("POST", "/code-scanning/sarifs", scanning, "write", uploadSARIF)

	router.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { notFound().write(w) })
	router.MethodNotAllowedHandler = router.NotFoundHandler
	return http.StripPrefix("/api/v3", s.byID(router))
}

// byID serves /repositories/{id}/…, where redirects of renamed repositories lead, as the repository's present name.
func (s *Server) byID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest, found := strings.CutPrefix(r.URL.EscapedPath(), "/repositories/")
		if !found {
			next.ServeHTTP(w, r)
			return
		}
		digits, tail, _ := strings.Cut(rest, "/")
		id, err := strconv.ParseInt(digits, 10, 64)
		s.mu.Lock()
		var name string
		for _, repo := range s.repositories {
			if err == nil && repo.id == id {
				name = repo.fullName()
			}
		}
		s.mu.Unlock()
		if name == "" {
			notFound().write(w)
			return
		}
		r = r.Clone(r.Context())
		r.URL.RawPath = strings.TrimSuffix("/repos/"+name+"/"+tail, "/")
		if r.URL.Path, err = url.PathUnescape(r.URL.RawPath); err != nil {
			notFound().write(w)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// serve runs the endpoint under the lock and writes its answer after it.
func (s *Server) serve(w http.ResponseWriter, e func() answer) {
	s.mu.Lock()
	a := e()
	s.mu.Unlock()
	w.Header().Set("X-GitHub-Media-Type", "github.v3; format=json")
	w.Header().Set("X-GitHub-Request-Id", uuid.NewString())
	a.write(w)
}

// asApp lets the App's JWT in.
func (s *Server) asApp(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, func() answer {
			if a, fits := s.checkJWT(r); !fits {
				return a
			}
			if a, fits := s.spend(w.Header(), 0); !fits {
				return a
			}
			return e(&call{s: s, r: r})
		})
	})
}

// asAnybody needs no credentials.
func (s *Server) asAnybody(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, func() answer { return e(&call{s: s, r: r}) })
	})
}

// asInstallation lets installation tokens in.
func (s *Server) asInstallation(e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, func() answer {
			g, a, fits := s.checkToken(r)
			if !fits {
				return a
			}
			if g == nil || g.person != nil {
				return fail(http.StatusUnauthorized, "Requires authentication")
			}
			if a, fits := s.spend(w.Header(), g.payer()); !fits {
				return a
			}
			return e(&call{s: s, r: r, grant: g})
		})
	})
}

// inRepository lets in who may do this in the repository that the path names. Public repositories are readable with any
// token, also one of another installation.
func (s *Server) inRepository(permission, level string, e endpoint) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, func() answer {
			g, a, fits := s.checkToken(r)
			if !fits {
				return a
			}
			payer := int64(nobody)
			if g != nil {
				payer = g.payer()
				g.showScopes(w.Header(), "repo")
			}
			if a, fits := s.spend(w.Header(), payer); !fits {
				return a
			}
			name := repositoryKey(pathValue(r, "owner"), pathValue(r, "repo"))
			repo := s.repositories[name]
			if repo == nil {
				return s.redirect(r, g, s.moved[name])
			}
			if a, refused := s.singleSignOn(g, repo.owner); refused {
				return a
			}
			reached := g != nil && g.reaches(repo)
			switch {
			case reached && g.may(permission, level), reached && permission == ofThreads && (g.may("issues", level) || g.may("pull_requests", level)):
			case !repo.private && level == "read":
			case reached, !repo.private && g != nil:
				return forbidden(r)
			default:
				return notFound()
			}
			if repo.archived && r.Method != http.MethodGet {
				return fail(http.StatusForbidden, "Repository was archived so is read-only.")
			}
			return e(&call{s: s, r: r, grant: g, repo: repo})
		})
	})
}

// ofThreads is what writing to an issue takes; to a pull request by its issue's address it takes pull_requests, see [call.mayWrite]. GitHub
// names both for these addresses, and goes by what is written to.
const ofThreads = "issues or pull_requests"

// mayWrite reports whether the token may write to an issue or a pull request.
func (c *call) mayWrite(i *issue) bool {
	if i.pull != nil {
		return c.grant.may("pull_requests", "write")
	}
	return c.grant.may("issues", "write")
}

func forbidden(r *http.Request) answer {
	a := fail(http.StatusForbidden, "Resource not accessible by integration")
	a.documentation = "https://docs.github.com/rest#" + strings.ToLower(r.Method)
	return a
}

// redirect answers for a former name: 301 for reading, 307 for writing, to the address by id.
func (s *Server) redirect(r *http.Request, g *grant, repo *Repository) answer {
	if repo == nil || repo.private && (g == nil || !g.reaches(repo)) {
		return notFound()
	}
	status, message := http.StatusMovedPermanently, "Moved Permanently"
	if r.Method != http.MethodGet {
		status, message = http.StatusTemporaryRedirect, "Temporary Redirect"
	}
	segments := strings.SplitN(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/", 4) // repos, owner, name, the rest
	to := s.APIURL() + "/repositories/" + itoa(repo.id)
	if len(segments) == 4 {
		to += "/" + segments[3]
	}
	if r.URL.RawQuery != "" {
		to += "?" + r.URL.RawQuery
	}
	return answer{status: status, location: to, body: object{"message": message, "url": to}}
}
