package respond

// PolicyPreview is what a policy file would change if it took the place of the one that applies. The zero value is nothing.
type PolicyPreview struct {
	Changes []SettingChange
	// VainLock means that the file is a repository's own and has locks, which bind nobody.
	VainLock bool

	Allowed int // open leaks that the file allows, and the one that applies does not
	Spared  int // open leaks that fail checks now, and would not

	Organisation bool // it is the file of the organisation's .github repository; the leaks are those of all its repositories then
	Repositories int  // with Organisation: how many it applies to
	Leaks        int  // with Organisation: how many leaks are open in them
}

// SettingChange is a setting that changes. Values are as a file has them; those of lists say how long they are.
type SettingChange struct {
	Setting, From, To string
	LockedBy          PolicySource // whose lock keeps the change from having effect; "" for none
}
