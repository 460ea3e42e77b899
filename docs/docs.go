// Package docs holds the pages that the program itself shows: to people, and to models that write playbooks.
package docs

import _ "embed"

// Language is the page of the playbook language, and Testing that of its tests, in Markdown.
var (
	//go:embed language.md
	Language string
	//go:embed testing-a-playbook.md
	Testing string
)
