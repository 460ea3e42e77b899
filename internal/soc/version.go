package soc

import "time"

// AgentPrefix stands before an agent's name where versions of playbooks and of agents are kept together.
const AgentPrefix = "agents/"

// PlaybookVersion is a text of a playbook that somebody saved, or of an agent, whose name has AgentPrefix. Versions are numbered from 1 and never change.
type PlaybookVersion struct {
	Playbook string    `json:"playbook"`
	Number   int       `json:"number"`
	Base     int       `json:"base"`             // the version that it was written from; 0 is the file, or nothing
	Digest   string    `json:"digest"`           // SHA-256 of source and tests, hex
	Source   string    `json:"source,omitempty"` // left out of lists
	Tests    string    `json:"tests,omitempty"`  // in the form of *.test.yaml; left out of lists
	Author   string    `json:"author"`
	Message  string    `json:"message"`
	At       time.Time `json:"at"`
}

// Publication says which version of a playbook runs are started with from then on. Version 0 is the file that came with
// Picket or lies in the directory of playbooks; where there is none, the playbook is out of service.
type Publication struct {
	Playbook string    `json:"playbook"`
	Version  int       `json:"version"`
	By       string    `json:"by"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
}
