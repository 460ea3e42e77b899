// Package diagnostics holds a page for each code that the compiler of playbooks gives: what it says, why it matters, a
// playbook that gets it, the same one mended, and the fix that an editor applies if there is one.
package diagnostics

import (
	"embed"
	"slices"
	"strings"
)

//go:embed P*.md
var pages embed.FS

// Page is the page of a code such as P040, as Markdown; ok is false where there is no such code. The code's case does
// not matter.
func Page(code string) (text string, ok bool) {
	code = strings.ToUpper(code)
	if !slices.Contains(Codes(), code) {
		return "", false
	}
	page, err := pages.ReadFile(code + ".md")
	return string(page), err == nil
}

// Codes are the codes that have a page, sorted.
func Codes() []string {
	entries, err := pages.ReadDir(".")
	if err != nil {
		return nil // what is embedded can be read
	}
	codes := make([]string, len(entries))
	for i, e := range entries {
		codes[i] = strings.TrimSuffix(e.Name(), ".md")
	}
	return codes
}
