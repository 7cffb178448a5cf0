package budget

// Units.
const (
	KiB = 1 << 10
	MiB = 1 << 20
	GiB = 1 << 30
)

// Work, in steps. A step is a byte that is looked at closely or comes out of a decoder: about a nanosecond. The plain
// search for anchors counts one for SearchedPerStep bytes.
const (
	// StepsPerByte is the work on a text for each of its bytes: it keeps 100 MiB of anything, such as one anchor repeated on
	// one line, under three seconds. Ordinary source takes less than one step for ten bytes.
	StepsPerByte = 12
	// ObjectSteps is the work on a text of any size beside that: a small file may hold many findings, or much in base64. A
	// second at most.
	ObjectSteps = 768 * MiB
	// HiddenStepsPerByte and HiddenSteps are the part of that for what is encoded or packed in a text. The rest is left for
	// its plain findings, so that none hides behind junk in base64.
	HiddenStepsPerByte = 8
	HiddenSteps        = 512 * MiB
	// ArchiveStepsPerByte and ArchiveSteps are the work on an archive or compressed file and all that it holds: what comes
	// out of a decoder counts by the decoder, see the next. A GiB from gzip, two seconds.
	ArchiveStepsPerByte = 64
	ArchiveSteps        = 2 * GiB
	// FastDecoder and SlowDecoder are the steps for each byte that comes out: of deflate and zstd, of bzip2 and xz.
	FastDecoder = 1
	SlowDecoder = 16
	// DecoderSetup is the steps that it takes to begin a stream or block of a compressed file, and MemoryPerStep the bytes of
	// memory that are cleared for it in a further one.
	DecoderSetup  = 2 * KiB
	MemoryPerStep = 8
	// RunSteps and RunStepsPerByte bound the work on all encoded and packed content of one scan, however many objects hold
	// it: some seconds, and for a history, which is large, as much again as reading it takes. Plain text is read whatever
	// the encoded costs.
	RunSteps        = 4 * GiB
	RunStepsPerByte = 64
	// MaskSteps is the work on a text that is masked before it is stored or shown, beside StepsPerByte: a webhook waits for
	// it. Some 30 ms.
	MaskSteps = 32 * MiB

	// CheckSteps is how many steps are taken between two looks at the context. A tenth of a millisecond, where 100 may pass.
	CheckSteps      = 64 * KiB
	SearchedPerStep = 64
	// CleanSteps is the work on looking whether a text deserves a closer look. Beyond, it does.
	CleanSteps = 16 * MiB
)

// Decoded text.
const (
	// Depth is how many encodings may lie around one another: base64 in JSON in base64 in gzip happens, more does not.
	Depth = 6
	// PackedText bounds the base64 or hexadecimal of a compressed file, in bytes as stored. It is decoded as it is read.
	PackedText = 64 * MiB
	// PackedTwice is the same for base64 in base64, which is held in memory: Helm's releases, of a MiB at most.
	PackedTwice = 8 * MiB
)

// Reading a text.
const (
	// TextWindow is how much of a text that comes as a stream is in memory: what is said of a longer one depends on what
	// its window holds. TextFirst is how much at first, since most are short, and TextLeast where memory is short.
	TextWindow = 4 * MiB
	TextFirst  = 64 * KiB
	TextLeast  = 1 * MiB
	// TextOverlap is how much of a window the next one sees again, to either side of where they meet: more than any rule
	// looks to either side.
	TextOverlap = 128 * KiB
	// Searched is how much of a text is searched between two looks at the context: a millisecond.
	Searched = 16 * MiB
	// AnchorNotes is how many places of a text are noted that look like a credential's and are none, for texts made of it.
	AnchorNotes = 1 << 10
)

// How far the rules look around an anchor, in bytes as stored. That no loop looks farther keeps reading linear.
const (
	// ReachLeft and ReachRight are how far an encoded text is decoded: the longest credential, encoded three times over, with
	// the name before it. ReachDense is the same where anchors follow close upon each other: fewer, longer stretches.
	ReachLeft  = 3 * KiB
	ReachRight = 8 * KiB
	ReachDense = 64 * KiB
	// ReachNear is how far the lines around a credential are read, ReachAllow how far from it "rekey:allow" counts, and
	// ReachDiff how far before it the header of a diff is looked for.
	ReachNear  = 600
	ReachAllow = 1 * KiB
	ReachDiff  = 16 * KiB
	// ReachName is how far behind its start a name, and the start of its value, are looked for.
	ReachName = 512
	// Escape is how long an escaped character may be, and Seam what stands between two pieces of a value.
	Escape = 32
	Seam   = 240
	// Evidence is how large a stored text is read as a whole for what says whose a credential is. Of a larger one, blocks of
	// EvidenceBlock are: that of the credential and those to either side; of decoded texts, blocks of EvidenceDecoded.
	Evidence        = 1 * MiB
	EvidenceBlock   = 256 * KiB
	EvidenceDecoded = 64 * KiB
)

// Findings.
const (
	// Places is how many places of one credential are kept for a text; more tell nobody anything new. The others are counted.
	Places = 100
	// Credentials is how many different credentials are kept for a text. A dump of a key server has thousands; beyond, it is
	// the file that leaked. The others are counted.
	Credentials = 10_000
	// Findings is how many places are kept for a text in all: some 40 MB.
	Findings = 30_000
)

// Packs and histories: the defaults of pack.Options, and what those do not let choose. What is over one of these is named
// in pack.Report; see there for which of them leave something unread, and which only places of what is reported.
const (
	// PackFindings is how many findings of one scan are kept, the most urgent first and one of each credential before two of
	// any. The most that 135 GB of public repositories had was 66; beyond, the repository is a dump.
	PackFindings = 10_000
	// PackObjectPlaces is how many findings of one credential are kept of one object.
	PackObjectPlaces = 20
	// PackPlaces is how many sightings of one credential are reported: a file with a key that is edited daily has 1,000 after
	// some years, and nobody reads them all. The others are counted.
	PackPlaces = 1_000
	// PackSightings is how many sightings are reported in all, one of each credential before two of any; some 500 bytes each.
	PackSightings = 20_000
	// PackPaths bounds the paths in a report, in bytes.
	PackPaths = 16 * MiB
	// PackCompared bounds how many pairs of trees are compared to find out which commits brought a finding: Linux has a
	// million commits, whose changes take some ten comparisons each. It keeps trees that are made to hold themselves
	// over and over to some seconds.
	PackCompared = 32_000_000

	// Path is the longest path that is kept, in bytes: PATH_MAX of Linux, where nothing longer can be checked out. Of a
	// longer one a hash and the end are kept.
	Path = 4 * KiB
	// PathEnd is how much of the end of a longer one.
	PathEnd = 256
	// PathDepth is how many directories deep a path may be. Git itself refuses trees over 2,048 levels.
	PathDepth = 4096
	// Person is the longest name and address of an author that is kept, in bytes.
	Person = 512
	// Parents is how many parents of a commit are heeded. The largest merge of Linux has 66.
	Parents = 128

	// PackMaxSize bounds a pack that is fetched, in bytes: eight times what GitHub takes in one push. It goes to disk.
	PackMaxSize = 16 * GiB
	// PackObjects bounds the objects of a pack: Linux has ten million. Each costs ObjectMemory.
	PackObjects = 16 * MiB
	// ObjectMemory is what tables take for an object of a pack from a stream, in bytes.
	ObjectMemory = 48
	// PackObject bounds an object that is made whole, in memory or a temporary file. A larger blob is read as it is
	// inflated and never made; other objects, and those that deltas are made from, are left out.
	PackObject = 4 * GiB
	// PackInflated bounds what comes out of one pack: at 2 GB/s on each of four cores, two minutes.
	PackInflated = 1024 * GiB
	// PackTrees bounds what is kept of trees and commits where there is a finding, in bytes.
	PackTrees = 2 * GiB
	// PackTags is how many annotated tags are followed to what they point to.
	PackTags = 200_000
	// PackMemory is how much of a pack's objects is held at once by all workers of a scan, in bytes; larger objects go
	// through temporary files.
	PackMemory = 48 * MiB
	// PackSpill is how much of a pack is held in memory before it goes to a temporary file.
	PackSpill = 8 * MiB
	// PackNamed is how many objects that were left out for one sort of reason are named. The others are counted.
	PackNamed = 1_000
)

// A commit's files, for the instructions.
const (
	// FilesHeld is how many bytes of trees are held at once: enough for the trees of one commit of Linux, 4 MiB. Beyond, the
	// trees are read again for each level of directories.
	FilesHeld = 16 * MiB
	// FilesPath is the longest path that is listed, in bytes, and FilesDepth the deepest: nobody deploys from deeper.
	FilesPath  = 1 * KiB
	FilesDepth = 64
)

// What the server records of one scan, in one transaction.
const (
	// ScanSightings is how many sightings are recorded of one scan: of each credential one before two of any, the most urgent
	// first. A transaction takes about a second for them. Credentials that get none make the check fail.
	ScanSightings = 2_000
	// ScanPlaces is how many are recorded of one credential; the others are counted.
	ScanPlaces = 50
	// ScanSkipped is how many things that were not read are recorded by name, each in ScanReason bytes.
	ScanSkipped = 100
	ScanReason  = 500
	// UnreadAttempts is how often what could not be judged wholly is read again, by the next push, the sweep or the next look:
	// what ends by a limit three times will do so a fourth time. Then the rest is kept in mind as it is.
	UnreadAttempts = 3
)

// Archives: the defaults of unpack.Limits, and what it does not let choose.
const (
	// ArchiveDepth is how many formats may lie around one another; tar.gz counts two. Images of containers have four.
	ArchiveDepth = 8
	// ArchiveRatio bounds what comes out of an archive to this multiple of its size: a little more than deflate can reach.
	ArchiveRatio = 1100
	// ArchiveLeast is what may come out of an archive however small it is.
	ArchiveLeast = 16 * MiB
	// ArchiveSize bounds what comes out of an archive however large it is: a GiB takes a few seconds from deflate and zstd,
	// half a minute from bzip2 and xz.
	ArchiveSize = 1 * GiB
	// ArchiveMembers bounds the entries of all archives in one another, directories included: node_modules of a large
	// project has 300,000.
	ArchiveMembers = 1_000_000
	// ArchiveErrors is how many errors of an archive are kept; the rest is counted.
	ArchiveErrors = 100
	// ArchiveName is the longest name of a member, in bytes: PATH_MAX of Linux. Longer ones are cut.
	ArchiveName = 4 * KiB
	// ArchiveReplay is how much is kept of a member until it proves to be what it looks like: a block of bzip2.
	ArchiveReplay = 1 * MiB
	// StreamHeld is how much of an archive that comes as a stream is held, so that it can be read in any order.
	StreamHeld = 64 * MiB
)

// Files on GitHub that are no part of git, for which somebody made no commit.
const (
	// AssetSize is how large a file of a release may be that is read, in bytes. A minute's download, on a temporary file. Larger ones are
	// images of disks and models of machines, which take long to build and to read, and seldom hold a configuration.
	AssetSize = 256 * MiB
	// AssetsRead is how many bytes of the files of one release are read, in all.
	AssetsRead = 2 * GiB
	// LogsSize is how large an archive of the logs of one run may be, in bytes. Logs shrink to a tenth and less.
	LogsSize = 256 * MiB
	// LogsInflated is how much of what such an archive holds is read: some ten seconds.
	LogsInflated = 2 * GiB
	// FileHeld is how much of such a file is held in memory. A larger one goes to a temporary file.
	FileHeld = 4 * MiB
)

// Memory, in bytes.
const (
	// ProcessMemory is the budget of decoders and readers where neither GOMEMLIMIT nor a control group bounds the process.
	ProcessMemory = 512 * MiB
	// LeastMemory is the budget however little the process may use: one decoder of each kind.
	LeastMemory = 64 * MiB
	// MostMemory is the budget however much the process may use: the widest windows for as many workers as a machine has.
	MostMemory = 4 * GiB
	// MemoryShare is the part of the process's memory that the budget is: 1/MemoryShare. The rest is for packs and trees.
	MemoryShare = 4
	// KernelShare is the part of the process's memory that is left to the kernel, for sockets and pages: 1/KernelShare.
	KernelShare = 16

	// TextMemory is how much of the budget everything that is packed in one text may hold at once: some windows within windows.
	TextMemory = 48 * MiB

	// Window is the part of a dictionary or window of zstd, xz and lzma that every decoder may have: what RFC 8878
	// recommends decoders to support, and xz -6 uses.
	Window = 8 * MiB
	// ZstdWindow and XzWindow are the largest that are given if memory is free: what zstd decodes unasked (--long=27), and
	// what xz -9 uses.
	ZstdWindow = 128 * MiB
	XzWindow   = 64 * MiB
	// DecoderKept is the window, or block of bzip2, with which a decoder is kept for the next file.
	DecoderKept = 1 * MiB
	// ZipHeld is what all nested zip files of an archive may hold, to be read by their directory.
	ZipHeld = 32 * MiB
)
