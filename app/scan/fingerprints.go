package scan

// Fingerprints returns those that the .rekeyignore of a directory lists. Without one there are none.
func Fingerprints(dir string) (map[string]bool, error) {
	list, err := readIgnore(dir)
	return list.fingerprints, err
}
