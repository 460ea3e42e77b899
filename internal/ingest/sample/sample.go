// Package sample holds alerts of our own making, one per kind of incident, for the demo and for tests. Users, hosts and
// addresses are those of the sandbox and of ranges reserved for documentation, but for one well-known Tor exit.
package sample

import (
	"embed"
	"slices"
)

//go:embed *.json
var files embed.FS

// Sample is an alert as its source would post it: Source is both the source's usual name and its kind.
type Sample struct {
	Source string
	Name   string
	Body   []byte
}

var alerts = []Sample{
	{Source: "wazuh", Name: "wazuh-malware"},
	{Source: "defender", Name: "defender-sign-in"},
	{Source: "generic", Name: "phishing-report"},
	{Source: "guardduty", Name: "guardduty-key"},
	{Source: "wazuh", Name: "wazuh-brute-force"},
	{Source: "defender", Name: "defender-malware"},
}

// Alerts returns the six samples, always in the same order.
func Alerts() []Sample {
	out := slices.Clone(alerts)
	for i := range out {
		body, err := files.ReadFile(out[i].Name + ".json")
		if err != nil {
			panic("sample: " + err.Error()) // embedded: it is there or the build is wrong
		}
		out[i].Body = body
	}
	return out
}
