package lock

// isLockfile reports whether a file of this name is a lockfile of npm's world.
func isLockfile(base string) bool { return managerOf(base) != "" }

// managerOf returns the package manager that a lockfile of this name is of, as package.json names it.
func managerOf(base string) string {
	switch base {
	case "package-lock.json", "npm-shrinkwrap.json":
		return "npm"
	case "pnpm-lock.yaml":
		return "pnpm"
	case "yarn.lock":
		return "yarn"
	case "bun.lock", "bun.lockb":
		return "bun"
	}
	return ""
}

func (x *Index) readLockfile(p, dir string, text []byte, wanted func(string) bool) {
	base := p[len(dir):]
	if dir != "" {
		base = base[1:]
	}
	manager := managerOf(base)
	var (
		l   lockfile
		err error
	)
	switch {
	case base == "bun.lockb":
		err = errBinary
	case len(text) > maxLockfile:
		err = errTooLarge
	case manager == "npm":
		l, err = parseNPM(p, text, wanted)
	case manager == "pnpm":
		l, err = parsePNPM(p, text, wanted)
	case manager == "yarn":
		l, err = parseYarn(p, text, wanted)
	default:
		l, err = parseBun(p, text, wanted)
	}
	if err != nil {
		x.note(p, err.Error())
		l = unreadable{manager: manager, path: p}
	}
	if y, ok := l.(*yarnLock); ok && !y.berry {
		y.covered = func(importer string) bool {
			root := x.manifests[dir]
			return importer == "" || root != nil && matches(root.workspaces, importer)
		}
	}
	x.locks[dir] = append(x.locks[dir], l)
}
