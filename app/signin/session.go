package signin

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rekey-app/rekey/app/web"
	"github.com/rekey-app/rekey/respond/ledger"
)

const (
	sessionLasts = 7 * 24 * time.Hour     // from the sign-in
	idleLasts    = 24 * time.Hour         // since the last page
	touchEvery   = time.Minute            // a session in use is noted
	accessLasts  = 5 * time.Minute        // then GitHub is asked again what a person sees
	outageLasts  = 15 * time.Minute       // how old its answer may be while it cannot be asked
	askWithin    = 40 * time.Second       // for all that is asked of GitHub for a page
	renewWithin  = 30 * time.Second       // for new tokens
	renewPause   = 200 * time.Millisecond // between looks at whether another process has renewed them
)

// Require lets in who has signed in, and sends others to the page where they can.
func (s *SignIn) Require(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mine := s.secretOf(r)
		if mine == nil || !s.Enabled() {
			s.ask(w, r, "")
			return
		}
		v, err := s.viewer(r.Context(), mine)
		switch {
		case errors.Is(err, ledger.ErrNotFound), errors.Is(err, errRefused):
			http.SetCookie(w, s.cookie(sessionCookie, "", 0))
			s.ask(w, r, "&ended")
		case errors.Is(err, errNobody):
			http.SetCookie(w, s.cookie(sessionCookie, "", 0))
			if api(r) {
				refuseJSON(w, http.StatusForbidden, "you have no access to a repository that rekey watches")
				return
			}
			s.showNobody(w, r, v.Login)
		case errors.Is(err, errUnasked):
			s.Log.WarnContext(r.Context(), "GitHub can't be asked what somebody may see", "login", v.Login, "error", err)
			if api(r) {
				refuseJSON(w, http.StatusServiceUnavailable, "GitHub can't be asked what you may see: try again in a minute")
				return
			}
			s.Site.Fail(w, r, unreachable)
		case err != nil:
			s.Log.ErrorContext(r.Context(), "session not read", "error", err)
			s.Site.Fail(w, r, web.Broken)
		default:
			v.FormToken = web.FormToken(mine)
			next.ServeHTTP(w, r.WithContext(With(r.Context(), v)))
		}
	})
}

func api(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/api/") }

func refuseJSON(w http.ResponseWriter, status int, problem string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"error":"` + problem + "\"}\n")) // texts of ours, without quotes
}

// ask sends somebody to the sign-in, which leads back.
func (s *SignIn) ask(w http.ResponseWriter, r *http.Request, more string) {
	switch {
	case api(r):
		refuseJSON(w, http.StatusUnauthorized, "sign in to the dashboard first")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		s.Site.Fail(w, r, web.Problem{
			Status: http.StatusUnauthorized, Title: "You're not signed in", Text: "Your session has ended, so nothing was done. Sign in and try again.",
			Link: "/signin", LinkText: "Sign in",
		})
	default:
		http.Redirect(w, r, "/signin?to="+url.QueryEscape(web.LocalPath(r.URL.RequestURI(), "/"))+more, http.StatusSeeOther)
	}
}

var (
	errNobody  = errors.New("signin: the person sees no repository any more")
	errUnasked = errors.New("signin: GitHub can't be asked what a person sees")
)

// viewer reads a session, and asks GitHub again where its answer is old.
func (s *SignIn) viewer(ctx context.Context, mine secret) (Viewer, error) {
	row, err := s.session(ctx, mine.id())
	if err != nil {
		return Viewer{}, err
	}
	now := s.Now()
	var outdated time.Time
	if !row.Stale.IsZero() || now.Sub(row.Checked) > accessLasts {
		fresh, err := s.refreshed(ctx, mine, row)
		switch {
		case err == nil:
			row = fresh
		case errors.Is(err, errRefused), errors.Is(err, errNobody), errors.Is(err, ledger.ErrNotFound):
			return Viewer{Login: row.Login}, errors.Join(err, s.endQuietly(ctx, mine, err))
		case !row.Stale.IsZero() || now.Sub(row.Checked) > outageLasts:
			return Viewer{Login: row.Login}, errors.Join(errUnasked, err)
		default:
			outdated = row.Checked
		}
	}
	if now.Sub(row.Used) > touchEvery {
		if err := s.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.TouchSession(ctx, row.ID) }); err != nil {
			s.Log.WarnContext(ctx, "a session's use was not noted", "error", err) // a full disk keeps nobody from reading
		}
	}
	access, err := decodeAccess(row.Access)
	return Viewer{ID: row.Person, Login: row.Login, Outdated: outdated, Access: access}, err
}

// session reads a session that has not ended by its age. The error is [ledger.ErrNotFound] if there is none.
func (s *SignIn) session(ctx context.Context, id string) (row ledger.Session, err error) {
	err = s.Store.View(ctx, func(ctx context.Context, tx Tx) (err error) {
		row, err = tx.Session(ctx, id)
		return err
	})
	if now := s.Now(); err == nil && (now.Sub(row.Started) > sessionLasts || now.Sub(row.Used) > idleLasts) {
		return row, ledger.ErrNotFound
	}
	return row, err
}

// endQuietly ends a session whose person GitHub does not let in any more.
func (s *SignIn) endQuietly(ctx context.Context, mine secret, why error) error {
	s.Log.InfoContext(ctx, "session ended", "reason", why)
	return s.Store.Update(ctx, func(ctx context.Context, tx Tx) error { return tx.EndSession(ctx, mine.id()) })
}

// refreshed asks GitHub what a session's person sees. Requests that come at the same time share one answer.
func (s *SignIn) refreshed(ctx context.Context, mine secret, row ledger.Session) (ledger.Session, error) {
	if s.failed.recent(row.ID, s.Now()) {
		return row, errUnasked
	}
	done := s.asking.DoChan(row.ID, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askWithin)
		defer cancel()
		row, err := s.refresh(ctx, mine, row)
		if err != nil && !errors.Is(err, errRefused) && !errors.Is(err, errNobody) {
			s.failed.add(row.ID, s.Now())
		}
		return row, err
	})
	select {
	case <-ctx.Done():
		return row, ctx.Err()
	case answer := <-done:
		fresh, _ := answer.Val.(ledger.Session)
		return fresh, answer.Err
	}
}

func (s *SignIn) refresh(ctx context.Context, mine secret, row ledger.Session) (ledger.Session, error) {
	var t tokens
	if err := unseal(mine, "tokens", row.ID, row.Sealed, &t); err != nil {
		return row, errors.Join(errRefused, err)
	}
	var err error
	if t.aged(s.Now()) {
		if t, err = s.renewed(ctx, mine, row.ID); err != nil {
			return row, err
		}
	}
	asked := s.Now()
	p, err := s.github.ask(ctx, t.Access)
	if errors.Is(err, errRefused) && t.Refresh != "" {
		// Another process may have renewed the tokens since the row was read, which ended this one; or it ended early.
		if t, err = s.renewedAfter(ctx, mine, row.ID, t); err != nil {
			return row, err
		}
		asked = s.Now()
		p, err = s.github.ask(ctx, t.Access)
	}
	switch {
	case err != nil:
		return row, err
	case p.ID != row.Person:
		return row, errRefused
	case p.Installed == 0:
		return row, errNobody
	}
	row.Login, row.Access, row.Checked = p.Login, p.Access.encode(), asked
	return row, s.Store.Update(ctx, func(ctx context.Context, tx Tx) error {
		return tx.SaveAccess(ctx, row.ID, row.Login, row.Access, asked)
	})
}
