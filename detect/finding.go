package detect

import "slices"

// Kind names a Clerk credential. The values are what JSON and SARIF carry, and what the ledger stores.
type Kind string

// The credentials that are reported. Publishable keys, JWT public keys and ids are evidence, never findings.
const (
	SecretKey         Kind = "secret_key"          // instance secret key, Backend API: sk_test_, sk_live_
	LegacyAPIKey      Kind = "legacy_api_key"      // before 2023: test_, live_ without sk_
	WebhookSecret     Kind = "webhook_secret"      // whsec_, delivered through Svix
	MachineSecretKey  Kind = "machine_secret_key"  // CLERK_MACHINE_SECRET_KEY
	PlatformAPIKey    Kind = "platform_api_key"    // CLERK_PLATFORM_API_KEY, the workspace's key
	APIKey            Kind = "api_key"             // secret of an end user's API key
	OAuthClientSecret Kind = "oauth_client_secret" // Clerk as identity provider
	EncryptionKey     Kind = "encryption_key"      // CLERK_ENCRYPTION_KEY
	ClaimURL          Kind = "claim_url"           // keyless application: the first to open it owns it
)

// Environment is the Clerk environment that a credential's prefix names, or empty where it names none.
type Environment string

// The two environments of a Clerk application.
const (
	Live Environment = "live" // production
	Test Environment = "test" // development
)

// Confidence says how sure it is that the text is a Clerk credential.
type Confidence string

// The confidences. High has a strong Clerk signal beside the shape; medium has the shape alone; low has something against it.
const (
	HighConfidence   Confidence = "high"
	MediumConfidence Confidence = "medium"
	LowConfidence    Confidence = "low"
)

// rank orders confidences: the higher, the surer.
func (c Confidence) rank() int {
	return slices.Index([]Confidence{LowConfidence, MediumConfidence, HighConfidence}, c)
}

// Severity says how much harm the credential does in wrong hands.
type Severity string

// The severities, worst first.
const (
	CriticalSeverity Severity = "critical"
	HighSeverity     Severity = "high"
	MediumSeverity   Severity = "medium"
	LowSeverity      Severity = "low"
)

// Compare returns a number below 0 where s is worse than other, and above 0 where it is less bad. A severity that this
// version does not know is the worst.
func (s Severity) Compare(other Severity) int { return s.index() - other.index() }

// index is 0 for the worst severity that is known, -1 for one that is not.
func (s Severity) index() int {
	return slices.Index([]Severity{CriticalSeverity, HighSeverity, MediumSeverity, LowSeverity}, s)
}

// Place is a range of the text as stored. Lines and columns count from 1, columns in bytes; Offset and End count bytes
// from 0, End exclusive. EndColumn is the column behind the last byte. For a member of an archive, the place is within
// the member and Offset is -1 where the member is compressed.
type Place struct {
	Offset, End        int64
	Line, Column       int
	EndLine, EndColumn int
}

// Plain is the encoding of what is written as it is.
const Plain = "plain"

// Finding is a credential in a text.
type Finding struct {
	Kind        Kind
	Environment Environment
	Severity    Severity
	Confidence  Confidence
	Reasons     Reasons // why this confidence, strongest first
	Encoding    string  // Plain, or the layers from the outside in, joined by "+": "gzip+base64"
	Member      string  // path inside the archive, "" for the text itself; nested ones joined by "!"
	Place       Place
	Secret      Secret
	Instance    string // Frontend API host of a publishable key nearby: "probably" this instance; "" if none
	Dashboard   string // the exact API-keys page in Clerk's dashboard, where the file names it; else ""
	Variable    string // name the credential is assigned to, "" if none
	Browser     bool   // Variable's prefix ships the value to browsers (NEXT_PUBLIC_, VITE_, …)
	Allowed     bool   // the line carries rekey:allow; callers decide what that silences

	lacks lack
}

// Urgency orders findings: the lower, the sooner somebody must act. The worst severity comes first, production before the
// rest, what is sure before what is not.
func (f Finding) Urgency() int {
	urgency := (f.Severity.index() + 1) * 2
	if f.Environment != Live {
		urgency++
	}
	return urgency*3 + HighConfidence.rank() - f.Confidence.rank()
}

// lack is what could still tell whose a credential is, where the text alone does not.
type lack byte

const (
	lacksNothing    lack = iota
	lacksPath            // without a path that tells, it is no finding
	lacksRepository      // surer in a repository that uses Clerk elsewhere, see [Finding.InRepository]
)
