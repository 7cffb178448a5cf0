// Package sarif has what the logs of rekey's command line and those of its App have in common: the parts of SARIF that they write, the
// rules, and how a result is known again.
package sarif

// The parts of SARIF 2.1.0 that rekey writes (OASIS, Static Analysis Results Interchange Format, 2.1.0; GitHub, "SARIF
// support for code scanning").
type (
	// Log is one file.
	Log struct {
		Schema  string `json:"$schema"`
		Version string `json:"version"`
		Runs    []Run  `json:"runs"`
	}
	// Run is what one tool found.
	Run struct {
		Tool        Tool           `json:"tool"`
		Invocations []Invocation   `json:"invocations"`
		ColumnKind  string         `json:"columnKind"`
		Results     []Result       `json:"results"`
		Properties  map[string]any `json:"properties"`
		// Details name the category under which code scanning keeps a run's results; nil: whoever uploads the log names it.
		Details *Details `json:"automationDetails,omitempty"`
	}
	// Details have the category as the part of ID before its last slash.
	Details struct {
		ID string `json:"id"`
	}
	// Tool is who found it.
	Tool struct {
		Driver Driver `json:"driver"`
	}
	// Driver is the tool with its rules.
	Driver struct {
		Name           string `json:"name"`
		InformationURI string `json:"informationUri"`
		Version        string `json:"version,omitempty"`
		Rules          []Rule `json:"rules"`
	}
	// Rule is a kind of result.
	Rule struct {
		ID                   string         `json:"id"`
		Name                 string         `json:"name"`
		ShortDescription     Text           `json:"shortDescription"`
		FullDescription      Text           `json:"fullDescription"`
		DefaultConfiguration Level          `json:"defaultConfiguration"`
		HelpURI              string         `json:"helpUri"`
		Help                 Text           `json:"help"`
		Properties           map[string]any `json:"properties"`
	}
	// Level is a rule's usual level.
	Level struct {
		Level string `json:"level"`
	}
	// Text is a message.
	Text struct {
		Text     string `json:"text"`
		Markdown string `json:"markdown,omitempty"`
	}
	// Invocation is how the run went.
	Invocation struct {
		Successful    bool           `json:"executionSuccessful"`
		Notifications []Notification `json:"toolExecutionNotifications,omitempty"`
	}
	// Notification says something of the run, not of what was found.
	Notification struct {
		Level   string `json:"level"`
		Message Text   `json:"message"`
	}
	// Result is one finding.
	Result struct {
		RuleID              string            `json:"ruleId"`
		RuleIndex           int               `json:"ruleIndex"`
		Level               string            `json:"level"`
		Message             Text              `json:"message"`
		Locations           []Location        `json:"locations"`
		PartialFingerprints map[string]string `json:"partialFingerprints"`
		Properties          map[string]any    `json:"properties"`
		Fixes               []Fix             `json:"fixes,omitempty"`
	}
	// Fix is a change that fixes what a result is about.
	Fix struct {
		Description Text     `json:"description"`
		Changes     []Change `json:"artifactChanges"`
	}
	// Change is what a fix does to one file.
	Change struct {
		ArtifactLocation Artifact      `json:"artifactLocation"`
		Replacements     []Replacement `json:"replacements"`
	}
	// Replacement puts a text in the place of a region.
	Replacement struct {
		Deleted  Region `json:"deletedRegion"`
		Inserted *Text  `json:"insertedContent,omitempty"`
	}
	// Location is where a result is.
	Location struct {
		PhysicalLocation Place `json:"physicalLocation"`
	}
	// Place is a file and the part of it.
	Place struct {
		ArtifactLocation Artifact `json:"artifactLocation"`
		Region           *Region  `json:"region,omitempty"`
	}
	// Artifact is a file's address.
	Artifact struct {
		URI string `json:"uri"`
		// BaseID is %SRCROOT% for relative addresses: what they are relative to is the repository.
		BaseID string `json:"uriBaseId,omitempty"`
	}
	// Region is a part of a file; lines and columns count from 1.
	Region struct {
		StartLine   int `json:"startLine"`
		StartColumn int `json:"startColumn,omitempty"`
		EndLine     int `json:"endLine,omitempty"`
		EndColumn   int `json:"endColumn,omitempty"`
	}
)
