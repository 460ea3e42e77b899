// Package soc holds the nouns of security operations that every room of Picket shares. It imports nothing of ours.
package soc

import (
	"encoding/json"
	"time"
)

// Severity is the OCSF severity by name. Its order is that of SeverityID.
type Severity string

// The severities of OCSF, in rising order.
const (
	SeverityUnknown       Severity = "unknown"
	SeverityInformational Severity = "informational"
	SeverityLow           Severity = "low"
	SeverityMedium        Severity = "medium"
	SeverityHigh          Severity = "high"
	SeverityCritical      Severity = "critical"
	SeverityFatal         Severity = "fatal"
)

// Severities lists the severities in the order of their OCSF severity_id, 0 to 6.
var Severities = []Severity{
	SeverityUnknown, SeverityInformational, SeverityLow, SeverityMedium,
	SeverityHigh, SeverityCritical, SeverityFatal,
}

// ID is the OCSF severity_id: 0 unknown to 6 fatal; 0 for a word that is no severity.
func (s Severity) ID() int {
	for i, known := range Severities {
		if s == known {
			return i
		}
	}
	return 0
}

// Alert is what a source sent, normalised after OCSF Detection Finding (class_uid 2004). Absent facts are zero
// values, never guesses. Raw is the source's own document, untouched.
type Alert struct {
	ID          string          `json:"id"`
	Source      string          `json:"source"`              // the hook's source name
	Vendor      string          `json:"vendor,omitempty"`    // OCSF metadata.product.vendor_name
	Product     string          `json:"product,omitempty"`   // OCSF metadata.product.name
	SourceID    string          `json:"source_id,omitempty"` // the alert's id at the source
	ClassUID    int             `json:"class_uid"`
	Title       string          `json:"title"`
	Description string          `json:"description,omitempty"`
	Severity    Severity        `json:"severity"`
	Time        time.Time       `json:"time"`        // when it happened, by the source
	ReceivedAt  time.Time       `json:"received_at"` // when we accepted it
	Rule        Rule            `json:"rule"`
	User        User            `json:"user"`
	Host        Host            `json:"host"`
	SrcIP       string          `json:"src_ip,omitempty"`
	DstIP       string          `json:"dst_ip,omitempty"`
	File        File            `json:"file"`
	Process     Process         `json:"process"`
	URL         string          `json:"url,omitempty"`
	Mail        Mail            `json:"mail"`
	Cloud       Cloud           `json:"cloud"`
	Attack      []string        `json:"attack"` // ATT&CK technique ids
	Labels      []string        `json:"labels"`
	Observables []Observable    `json:"observables"`
	Raw         json.RawMessage `json:"raw"`

	// State is what has been made of it since; nil where nobody asked. It is no part of what the source sent: playbooks don't see it.
	State *AlertState `json:"state,omitempty"`
}

// Rule is the detection that fired.
type Rule struct {
	ID     string   `json:"id,omitempty"`
	Name   string   `json:"name,omitempty"`
	Level  int      `json:"level,omitempty"` // the source's own scale
	Groups []string `json:"groups"`
}

// Key is what a rule is known by: its id, or else its name.
func (r Rule) Key() string {
	if r.ID != "" {
		return r.ID
	}
	return r.Name
}

// User is an account.
type User struct {
	Name   string `json:"name,omitempty"`
	Domain string `json:"domain,omitempty"`
	Email  string `json:"email,omitempty"`
	UID    string `json:"uid,omitempty"`
}

// Host is a device.
type Host struct {
	Name string `json:"name,omitempty"`
	IP   string `json:"ip,omitempty"`
	ID   string `json:"id,omitempty"`
	OS   string `json:"os,omitempty"`
}

// File is a file that the alert is about; hashes in lower-case hex.
type File struct {
	Name   string `json:"name,omitempty"`
	Path   string `json:"path,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	SHA1   string `json:"sha1,omitempty"`
	MD5    string `json:"md5,omitempty"`
}

// Process is a process that the alert is about.
type Process struct {
	Name        string `json:"name,omitempty"`
	Path        string `json:"path,omitempty"`
	CommandLine string `json:"command_line,omitempty"`
	PID         int    `json:"pid,omitempty"`
	Parent      string `json:"parent,omitempty"`
}

// Mail is a mail that the alert is about. Everything in it is written by strangers.
type Mail struct {
	MessageID string   `json:"message_id,omitempty"`
	From      string   `json:"from,omitempty"`
	ReplyTo   string   `json:"reply_to,omitempty"`
	To        []string `json:"to"`
	Subject   string   `json:"subject,omitempty"`
	Body      string   `json:"body,omitempty"`
	URLs      []string `json:"urls"`
	SPF       string   `json:"spf,omitempty"`
	DKIM      string   `json:"dkim,omitempty"`
	DMARC     string   `json:"dmarc,omitempty"`
}

// Cloud names the cloud resource that the alert is about.
type Cloud struct {
	Provider string `json:"provider,omitempty"`
	Account  string `json:"account,omitempty"`
	Region   string `json:"region,omitempty"`
	Resource string `json:"resource,omitempty"`
}

// Observable is a value seen in an alert (OCSF observable): Type is one of ip, domain, url, hash, email, user,
// host, file, process, mail_subject, cve; Role says where it stood ("src_ip", "file.sha256", ...).
type Observable struct {
	Type  string `json:"type"`
	Value string `json:"value"`
	Role  string `json:"role,omitempty"`
}
