package vercel

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rekey-app/rekey/app/rotate/destination"
)

// A deployment is live when its domains lead to it, not when it is built.
func TestProgress(t *testing.T) {
	t.Parallel()
	for said, want := range map[string]destination.Progress{
		`{"readyState": "QUEUED"}`:                                                                {State: destination.Deploying},
		`{"readyState": "READY", "aliasAssigned": false}`:                                         {State: destination.Deploying},
		`{"readyState": "READY"}`:                                                                 {State: destination.Deploying},
		`{"readyState": "READY", "aliasAssigned": true}`:                                          {State: destination.Live},
		`{"readyState": "READY", "aliasAssigned": 1764417600000}`:                                 {State: destination.Live},
		`{"readyState": "READY", "aliasAssigned": true, "checksConclusion": "failed"}`:            {State: destination.Failed, Detail: "its checks failed"},
		`{"readyState": "READY", "aliasError": {"code": "x", "message": "the domain is in use"}}`: {State: destination.Failed, Detail: "the domain is in use"},
		`{"readyState": "ERROR", "errorMessage": "Command \"npm run build\" exited with 1"}`:      {State: destination.Failed, Detail: `Command "npm run build" exited with 1`},
		`{"readyState": "ERROR"}`:                                                                 {State: destination.Failed, Detail: "the build failed"},
		`{"readyState": "CANCELED"}`:                                                              {State: destination.Failed, Detail: "it was cancelled"},
		`{"readyState": "BLOCKED"}`:                                                               {State: destination.Failed, Detail: "Vercel blocked it"},
	} {
		var d deployment
		if err := json.Unmarshal([]byte(said), &d); err != nil {
			t.Fatal(err)
		}
		if got := d.progress(); got != want {
			t.Errorf("%s: %+v, want %+v", said, got, want)
		}
	}
}

func TestDataDirs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		system  string
		environ []string
		want    []string
	}{
		{"linux", nil, []string{"/home/ada/.local/share/com.vercel.cli", "/home/ada/.now"}},
		{"linux", []string{"XDG_DATA_HOME=/data"}, []string{"/data/com.vercel.cli", "/home/ada/.now"}},
		{"darwin", nil, []string{"/home/ada/Library/Application Support/com.vercel.cli", "/home/ada/.now"}},
		{"windows", nil, []string{"/home/ada/AppData/Roaming/xdg.data/com.vercel.cli", "/home/ada/.now"}},
		{"windows", []string{"APPDATA=/roaming"}, []string{"/roaming/xdg.data/com.vercel.cli", "/home/ada/.now"}},
	} {
		var got []string
		for _, dir := range dataDirs(&destination.Machine{Environ: test.environ, Home: "/home/ada"}, test.system) {
			got = append(got, filepath.ToSlash(dir))
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s %v: %v, want %v", test.system, test.environ, got, test.want)
		}
	}
	if got := dataDirs(&destination.Machine{}, "linux"); got != nil {
		t.Errorf("without a home directory: %v", got)
	}
}
