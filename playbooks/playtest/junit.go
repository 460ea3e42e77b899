package playtest

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Time     string      `xml:"time,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	File    string        `xml:"file,attr"`
	Line    int           `xml:"line,attr"`
	Time    string        `xml:"time,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
	Error   *junitFailure `xml:"error,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes a report in the XML form that CI systems read. A file that can't be run is a case with an error.
func JUnit(w io.Writer, r *Report) error {
	doc := junitSuites{}
	for i := range r.Suites {
		s := &r.Suites[i]
		suite := junitSuite{Name: s.Playbook, Cases: []junitCase{}}
		var took int64
		if s.Broken() {
			var b strings.Builder
			for _, d := range s.Diagnostics {
				fmt.Fprintln(&b, d.String())
			}
			suite.Errors++
			suite.Cases = append(suite.Cases, junitCase{
				Name: "the file can be run", Class: s.Playbook, File: s.File, Line: 1, Time: "0",
				Error: &junitFailure{Message: "the test file or its playbook has errors", Text: xmlText(b.String())},
			})
		}
		for k := range s.Cases {
			c := &s.Cases[k]
			took += c.Took
			entry := junitCase{Name: xmlText(c.Name), Class: s.Playbook, File: s.File, Line: c.Line, Time: seconds(c.Took)}
			if c.Result != Passed {
				suite.Failures++
				var b strings.Builder
				p := &printer{w: &b}
				p.result(s.File, c)
				entry.Failure = &junitFailure{Text: xmlText(b.String())}
				if len(c.Failures) > 0 {
					entry.Failure.Message = xmlText(c.Failures[0].Message)
				}
			}
			suite.Cases = append(suite.Cases, entry)
		}
		suite.Tests, suite.Time = len(suite.Cases), seconds(took)
		doc.Tests += suite.Tests
		doc.Failures += suite.Failures
		doc.Errors += suite.Errors
		doc.Suites = append(doc.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func seconds(ms int64) string { return fmt.Sprintf("%.3f", float64(ms)/1000) }

// xmlText leaves out what XML can't hold.
func xmlText(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0xfffe || r == 0xffff {
			return -1
		}
		return r
	}, text)
}
