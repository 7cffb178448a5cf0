package scan

import (
	"strings"

	"github.com/rekey-app/rekey/detect"
	"github.com/rekey-app/rekey/respond"
)

// kindName is what people call one credential of that kind.
func kindName(k detect.Kind) string {
	one, _ := respond.KindName(k)
	return one
}

func withArticle(noun string) string {
	if strings.ContainsRune("AEIOaeio", rune(noun[0])) { // a user's key
		return "an " + noun
	}
	return "a " + noun
}
