package text

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

func checkCases() map[string]CheckFacts {
	live := leak(detect.SecretKey, detect.Live, 1)
	test := leak(detect.SecretKey, detect.Test, 2)
	hook := leak(detect.WebhookSecret, "", 3)
	public := shop
	public.Private = false

	clean := facts()
	failed := facts()
	failed.Scans[0].Failure = "github did not send the pack: upload-pack: not our ref"
	failed.Scans[0].Commits = 0
	publicCase := facts(at(with(live, filed), sighting(1, "apps/web/.env", 3), true), at(live, sighting(2, "scripts/old.sh", 9), false))
	publicCase.Repository = public
	skipped := facts()
	skipped.Scans[0].Skipped = []string{"3f2a: backup.zip: encrypted"}
	unjudged := facts()
	unjudged.Scans[0].Unjudged = []string{"3f2a: layer.tar.gz: gzip: over the limit: more than 1 GiB comes out of it"}
	accepted := facts()
	accepted.Scans[0].Unjudged, accepted.Policy.Unread = unjudged.Scans[0].Unjudged, respond.UnreadNeutral
	flood := facts(at(live, sighting(1, ".env", 3), true))
	flood.Scans[0].Unjudged, flood.Scans[0].MorePlaces = []string{"500 more credentials, 20 of them for production: one scan records 2000 places, the most urgent"}, 12
	archive := sighting(5, "backup.zip", 2)
	archive.Member, archive.Encoding = "app/.env", "zip"
	commented := sighting(6, "", 3)
	commented.Source = "message"
	allowed := sighting(7, "fixtures/keys.ts", 4)
	allowed.Allowed = true
	never := facts(at(test, sighting(1, ".env", 1), true))
	never.Policy.FailOn = "critical"
	bad := facts()
	bad.PolicyFile = PolicyProblem{Line: 4, Message: "unknown setting \"fial_on\""}
	fromOutside := func(l *respond.Leak) { l.Outside = true }
	outside := facts(at(with(live, fromOutside), sighting(1, "apps/web/.env", 3), true), at(with(test, fromOutside), sighting(2, "a.env", 1), true))
	outside.Scans[0].Trigger, outside.Scans[0].PullNumber = "pull_request", 5
	outsidePublic := outside
	outsidePublic.Repository = public
	silenced := facts(at(with(live, func(l *respond.Leak) {
		l.State, l.ClosedBy, l.Closed, l.Reason = respond.Ignored, respond.Self, monday, "the policy allows it: a decoy"
	}), sighting(1, ".env", 1), true))
	uncounted := facts(at(live, sighting(1, ".env", 1), true))
	uncounted.Policy.Allow.Fingerprints = []respond.AllowedFingerprint{{Fingerprint: live.Fingerprint, Reason: "x", By: "mallory"}}
	partial := facts()
	partial.PolicyFile = PolicyProblem{Line: 3, Message: "notify names \"pager\", which is no target of this server for acme", Partial: true}
	details := publicCase
	details.Policy.Public.Details = true
	elsewhere := facts(at(with(live, func(l *respond.Leak) { filed(l); l.IssueRepository = 99 }), sighting(1, ".env", 1), true))
	elsewhere.Repository = public
	publicClosed := facts(
		at(with(test, func(l *respond.Leak) {
			filed(l)
			l.State, l.ClosedBy, l.Closed, l.Reason = respond.Ignored, "ada", monday, "a decoy"
		}), sighting(1, ".env", 1), true),
		at(with(live, revoked), sighting(2, ".env", 2), true))
	publicClosed.Repository = public
	stillOpen := facts()
	stillOpen.StillOpen = []respond.Leak{with(live, filed), test}
	stillOpenPublic := stillOpen
	stillOpenPublic.Repository = public
	stillOpenHere := facts(at(with(live, filed), sighting(1, ".env", 3), true))
	stillOpenHere.StillOpen = stillOpen.StillOpen
	observing := facts(at(live, sighting(1, ".env", 3), true))
	observing.Policy.Mode, observing.Policy.Origins = respond.ModeObserve, map[string]respond.PolicySource{"mode": "acme/.github"}
	observingOutside := outside
	observingOutside.Policy = observing.Policy
	locked := facts(at(with(live, filed), sighting(1, ".env", 3), true))
	locked.Policy.Ignored = []respond.IgnoredSetting{
		{Setting: "verify", Value: "never", From: "acme/.github", By: respond.SourceServer}, // not this repository's
		{Setting: "fail_on", Value: "none", From: respond.SourceRepository, By: "acme/.github"},
		{Setting: "public.details", Value: "true", From: respond.SourceRepository, By: respond.SourceServer},
		{Setting: "allow.paths", From: respond.SourceRepository, By: "acme/.github"},
	}
	kept := facts(at(with(live, filed), sighting(1, ".env", 3), true))
	kept.Policy.Kept = respond.KeptPolicy{Source: "acme/.github", Read: monday, Problem: "the App can't access the repository"}
	badOrganisation := bad
	badOrganisation.PolicyFile.Organisation, badOrganisation.PolicyFile.Kept = true, true
	changes := []respond.SettingChange{
		{Setting: "fail_on", From: "any", To: "none", LockedBy: "acme/.github"}, {Setting: "lock", To: "fail_on"}, {Setting: "allow.paths", From: "none", To: "2 entries"},
	}
	preview := facts()
	preview.Preview = respond.PolicyPreview{Changes: changes, VainLock: true, Allowed: 3, Spared: 1}
	previewPublic := preview
	previewPublic.Repository = public
	previewOrganisation := preview
	previewOrganisation.Preview = respond.PolicyPreview{Changes: changes[1:], VainLock: true, Organisation: true, Repositories: 12, Leaks: 1}
	previewOrganisationPublic := previewOrganisation
	previewOrganisationPublic.Repository, previewOrganisationPublic.Policy.Public.Details = public, true
	return map[string]CheckFacts{
		"preview":                     preview,
		"preview-public":              previewPublic,
		"preview-organisation":        previewOrganisation,
		"preview-organisation-public": previewOrganisationPublic,
		"kept-policy":                 kept,
		"bad-organisation":            badOrganisation,
		"observing":                   observing,
		"observing-outside":           observingOutside,
		"locked":                      locked,
		"still-open":                  stillOpen,
		"still-open-public":           stillOpenPublic,
		"still-open-and-new":          stillOpenHere,
		"outside":                     outside,
		"outside-public":              outsidePublic,
		"silenced":                    silenced,
		"uncounted":                   uncounted,
		"bad-policy-setting":          partial,
		"public-details":              details,
		"public-elsewhere":            elsewhere,
		"public-closed":               publicClosed,
		"clean":                       clean,
		"live-private":                facts(at(live, sighting(1, "apps/web/.env.production", 3), true)),
		"live-public":                 publicCase,
		"test-filed":                  facts(at(with(test, filed), sighting(1, ".clerk/.tmp/keyless.json", 1), true)),
		"removed":                     facts(at(with(live, filed), sighting(1, "apps/web/.env", 3), false)),
		"several":                     facts(at(test, sighting(1, ".env", 3), true), at(live, sighting(2, ".env", 4), true), at(hook, sighting(3, "README.md", 40), true), at(live, sighting(4, "deploy.sh", 2), false)),
		"revoked":                     facts(at(with(live, revoked), sighting(1, ".env", 3), true)),
		"low-confidence":              facts(at(with(test, func(l *respond.Leak) { l.Confidence = "low" }), sighting(1, "stripe.ts", 3), true)),
		"archive-and-message":         facts(at(live, archive, true), at(live, commented, false)),
		"allowed-test":                facts(at(test, allowed, true)),
		"allowed-live":                facts(at(live, allowed, true)),
		"below-policy":                never,
		"failed-scan":                 failed,
		"skipped":                     skipped,
		"unjudged":                    unjudged,
		"unjudged-accepted":           accepted,
		"unjudged-and-leaked":         flood,
		"bad-policy":                  bad,
	}
}

func TestCheckGolden(t *testing.T) {
	t.Parallel()
	for name, f := range checkCases() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			golden(t, "check/"+name+".txt", showCheck(f))
		})
	}
}

func TestCheckConclusion(t *testing.T) {
	t.Parallel()
	want := map[string]Conclusion{
		"preview": Success, "preview-public": Success, "preview-organisation": Success, "preview-organisation-public": Success, "kept-policy": Failure, "bad-organisation": Failure, "observing": Neutral, "observing-outside": Neutral, "locked": Failure,
		"still-open": Success, "still-open-public": Success, "still-open-and-new": Failure,
		"outside": Failure, "outside-public": Failure, "silenced": Neutral, "uncounted": Failure,
		"bad-policy-setting": Failure, "public-details": Failure, "public-elsewhere": Failure, "public-closed": Success,
		"clean": Success, "revoked": Success, "allowed-test": Success, "skipped": Success,
		"unjudged": Failure, "unjudged-accepted": Neutral, "unjudged-and-leaked": Failure,
		"low-confidence": Neutral, "below-policy": Neutral,
		"live-private": Failure, "live-public": Failure, "test-filed": Failure, "removed": Failure,
		"several": Failure, "archive-and-message": Failure, "allowed-live": Failure,
		"failed-scan": Failure, "bad-policy": Failure,
	}
	for name, f := range checkCases() {
		if run, _ := Check(f); run.Conclusion != want[name] {
			t.Errorf("%s: %s, want %s", name, run.Conclusion, want[name])
		}
	}
}

func TestCheckAnnotatesEachSightingOnce(t *testing.T) {
	t.Parallel()
	l := leak(detect.SecretKey, detect.Live, 1)
	var sightings []respond.HeadSighting
	for i := range int64(120) {
		s := at(l, sighting(i+1, "env/"+strings.Repeat("x", int(i)+1), 1), true)
		s.Annotated = i < 20
		sightings = append(sightings, s)
	}
	sightings = append(sightings, at(l, sighting(500, "gone", 1), false))
	run, ids := Check(facts(sightings...))
	if len(run.Annotations) != 100 || len(ids) != 100 {
		t.Fatalf("%d annotations, %d ids", len(run.Annotations), len(ids))
	}
	seen := map[int64]bool{}
	for _, id := range ids {
		if id <= 20 || id > 120 || seen[id] {
			t.Fatalf("sighting %d", id)
		}
		seen[id] = true
	}
	if again, _ := Check(facts(sightings...)); CheckDigest(again) != CheckDigest(run) {
		t.Error("the digest of the same facts differs")
	}
}

func TestCheckColumnsOnlyOnOneLine(t *testing.T) {
	t.Parallel()
	s := sighting(1, "a", 3)
	s.EndLine = 4
	run, _ := Check(facts(at(leak(detect.SecretKey, detect.Live, 1), s, true)))
	if a := run.Annotations[0]; a.StartColumn != 0 || a.EndColumn != 0 || a.StartLine != 3 || a.EndLine != 4 {
		t.Errorf("%+v", a)
	}
}

func TestCheckLeavesOutPathsThatAreNotText(t *testing.T) {
	t.Parallel()
	run, ids := Check(facts(at(leak(detect.SecretKey, detect.Live, 1), sighting(1, "a\xff.env", 3), true)))
	if len(run.Annotations) != 0 || len(ids) != 0 {
		t.Fatalf("annotated %+v", run.Annotations)
	}
	if !utf8.ValidString(run.Summary) || !strings.Contains(run.Summary, "xff.env") && !strings.Contains(run.Summary, "xff&#46;env") {
		t.Errorf("the place is not in the summary: %s", run.Summary)
	}
}

func TestFailedScanIsMadeGoodByALaterOne(t *testing.T) {
	t.Parallel()
	f := facts()
	f.Scans[0].Failure = "cut off"
	again := pushScan()
	again.Finished = monday.Add(time.Minute)
	f.Scans = append(f.Scans, again)
	if run, _ := Check(f); run.Conclusion != Success {
		t.Errorf("%s: %s", run.Conclusion, run.Title)
	}
	f.Scans[1].Base = strings.Repeat("7", 40) // another range
	if run, _ := Check(f); run.Conclusion != Failure {
		t.Errorf("%s: %s", run.Conclusion, run.Title)
	}
	f.Scans[1].Trigger = "check_run"
	if run, _ := Check(f); run.Conclusion != Success {
		t.Errorf("%s: %s", run.Conclusion, run.Title)
	}
}

// TestUnjudgedIsMadeGoodByAScanThatLeavesNothing: one that leaves something too makes nothing good.
func TestUnjudgedIsMadeGoodByAScanThatLeavesNothing(t *testing.T) {
	t.Parallel()
	f := checkCases()["unjudged"]
	again := pushScan()
	again.Trigger, again.Finished = "check_run", monday.Add(time.Minute)
	again.Unjudged = []string{"something else"}
	f.Scans = append(f.Scans, again)
	run, _ := Check(f)
	if run.Conclusion != Failure || !strings.Contains(run.Summary, "something else") || !strings.Contains(run.Summary, "3f2a") {
		t.Errorf("%s: %s", run.Conclusion, run.Summary)
	}
	f.Scans[1].Unjudged = nil
	if run, _ := Check(f); run.Conclusion != Success {
		t.Errorf("%s: %s", run.Conclusion, run.Title)
	}
}

func TestCheckKeepsGitHubsLimits(t *testing.T) {
	t.Parallel()
	var sightings []respond.HeadSighting
	for i := range int64(300) {
		l := leak(detect.SecretKey, detect.Live, i+1)
		sightings = append(sightings, at(l, sighting(i+1, strings.Repeat("😀/", 900)+"x", 1), i%2 == 0))
	}
	f := facts(sightings...)
	for range 200 {
		f.Scans[0].Skipped = append(f.Scans[0].Skipped, strings.Repeat("@octocat ", 300))
	}
	f.Scans = append(f.Scans, respond.Scan{Failure: strings.Repeat("words ", 30_000), Finished: monday})
	for _, verify := range []respond.Verify{respond.VerifyOnRequest, respond.VerifyNever} {
		f.Policy.Verify = verify
		run, _ := Check(f)
		if n := utf16Length(run.Summary); n > 65_535 {
			t.Errorf("summary of %d characters", n)
		}
		if n := utf16Length(run.Title); n > 255 {
			t.Errorf("title of %d characters", n)
		}
		for _, a := range run.Annotations {
			if utf16Length(a.Title) > 255 || len(a.Message) > 64<<10 {
				t.Errorf("annotation too long: %d, %d", len(a.Title), len(a.Message))
			}
		}
	}
	for name, f := range checkCases() {
		run, _ := Check(f)
		if len(run.Buttons) > 3 {
			t.Errorf("%s: %d buttons", name, len(run.Buttons))
		}
		for _, a := range run.Buttons {
			if len(a.Label) > 20 || len(a.Description) > 40 || len(a.Identifier) > 20 {
				t.Errorf("%s: button too long: %+v", name, a)
			}
		}
	}
}

func utf16Length(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r > 0xffff {
			n++
		}
	}
	return n
}
