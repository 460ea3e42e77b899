// Package evidence writes all that there is of a run into one ZIP file, which can be checked without Picket's data: every
// file has its SHA-256 in SHA256SUMS, and every entry of the ledger its digest in the chain.
package evidence

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"picket/internal/audit/chain"
	"picket/internal/soc"
)

// Pack is what there is of a run that is over.
type Pack struct {
	Run       soc.Run
	Alert     *soc.Alert // nil for a run without one
	Plan      json.RawMessage
	Source    string // of the playbook; "" where a plan had none
	Entries   []soc.LedgerEntry
	Approvals []soc.Approval
	Documents []string // digests of the archived histories, and of the payloads that they refer to
}

// Documents gives an archived document by its digest. *blob.Store is one.
type Documents interface {
	Get(ctx context.Context, digest string) ([]byte, error)
}

// The names of a pack's files.
const (
	sums        = "SHA256SUMS"
	entriesFile = "entries.jsonl"
	archiveDir  = "archive"
)

// entry is an entry of the ledger in a pack: its body is a text, so that it stays byte for byte what the digest was made of.
type entry struct {
	soc.LedgerEntry
	Body string `json:"body"`
}

const readme = `The evidence of one run of a Picket playbook.

run.json         the run
alert.json       the alert that it was about, with the document that its source sent, and what was made of it since
playbook.yaml    the text of the playbook, where it has one
plan.json        what the text was compiled to; its digest is plan_digest in run.json
entries.jsonl    every entry of the audit ledger on the run, one on each line: steps, calls, prompts, answers, decisions
approvals.json   what people were asked, and what they decided
archive/         the Temporal histories of the run, and the payloads that they refer to. Payloads are sealed with the workspace's
                 key; the file's name is the SHA-256 of what it held when it was archived
SHA256SUMS       the SHA-256 of every other file

To check it:

    sha256sum --check SHA256SUMS
    picket audit evidence FILE.zip

The second command also computes the digest of every entry anew. An entry's digest covers its predecessor's, so a workspace
that still has its ledger (picket audit verify) can tell that nothing in these lines was changed later.
`

// Write writes a pack.
func Write(ctx context.Context, w io.Writer, p Pack, documents Documents) error {
	z := &writer{zip: zip.NewWriter(w)}
	z.file("README.txt", []byte(readme))
	z.json("run.json", p.Run)
	if p.Alert != nil {
		z.json("alert.json", p.Alert)
	}
	z.file("plan.json", p.Plan)
	if p.Source != "" {
		z.file("playbook.yaml", []byte(p.Source))
	}
	var lines bytes.Buffer
	for _, e := range p.Entries {
		line, err := json.Marshal(entry{e, string(e.Body)})
		if err != nil {
			return fmt.Errorf("entry %d: %w", e.Seq, err)
		}
		lines.Write(append(line, '\n'))
	}
	z.file(entriesFile, lines.Bytes())
	if p.Approvals == nil {
		p.Approvals = []soc.Approval{}
	}
	z.json("approvals.json", p.Approvals)
	for _, digest := range p.Documents {
		document, err := documents.Get(ctx, digest)
		if err != nil {
			return err
		}
		z.file(path.Join(archiveDir, digest), document)
	}
	slices.Sort(z.sums)
	z.file(sums, []byte(strings.Join(z.sums, "")))
	if z.err != nil {
		return fmt.Errorf("write the evidence of %s: %w", p.Run.ID, z.err)
	}
	return z.zip.Close()
}

// writer writes files until the first error.
type writer struct {
	zip  *zip.Writer
	sums []string
	err  error
}

func (z *writer) json(name string, v any) {
	if z.err != nil {
		return
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if z.err = err; err == nil {
		z.file(name, append(text, '\n'))
	}
}

func (z *writer) file(name string, data []byte) {
	if z.err != nil {
		return
	}
	f, err := z.zip.Create(name)
	if err == nil {
		_, err = f.Write(data)
	}
	sum := sha256.Sum256(data)
	z.sums = append(z.sums, hex.EncodeToString(sum[:])+"  "+name+"\n")
	z.err = err
}

// maxFile bounds one file of a pack that is checked, in bytes: a ZIP file can be made to grow without end.
const maxFile = 1 << 30

// Checked is what a check of a pack found.
type Checked struct {
	Files   int `json:"files"`
	Entries int `json:"entries"`
}

// Verify checks a pack: that each file has the digest that SHA256SUMS says, that none is missing or too many, and that each
// entry of the ledger has the digest that follows from it. The error of a pack that does not hold is a soc.Conflict.
func Verify(r io.ReaderAt, size int64) (Checked, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return Checked{}, soc.Errorf(soc.Invalid, "it is no ZIP file: %v", err)
	}
	found := map[string]string{}
	var listed, lines []byte
	for _, f := range z.File {
		data, err := read(f)
		if err != nil {
			return Checked{}, soc.Errorf(soc.Conflict, "%s can't be read: %v", f.Name, err)
		}
		switch f.Name {
		case sums:
			listed = data
			continue
		case entriesFile:
			lines = data
		}
		sum := sha256.Sum256(data)
		found[f.Name] = hex.EncodeToString(sum[:])
	}
	checked := Checked{Files: len(found)}
	for line := range strings.Lines(string(listed)) {
		digest, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		switch is, ok := found[name]; {
		case !ok:
			return checked, soc.Errorf(soc.Conflict, "%.200q is listed and not there", name)
		case is != digest:
			return checked, soc.Errorf(soc.Conflict, "%.200q was changed: its SHA-256 is %s and not %.64s", name, is, digest)
		}
		delete(found, name)
	}
	for name := range found {
		return checked, soc.Errorf(soc.Conflict, "%.200q is not listed in %s", name, sums)
	}
	scanner := bufio.NewScanner(bytes.NewReader(lines))
	scanner.Buffer(nil, maxFile)
	for scanner.Scan() {
		var e entry
		if err := json.Unmarshal(scanner.Bytes(), &e); err != nil {
			return checked, soc.Errorf(soc.Conflict, "line %d of %s is no entry", checked.Entries+1, entriesFile)
		}
		e.LedgerEntry.Body = json.RawMessage(e.Body)
		if chain.Digest(e.LedgerEntry) != e.Digest {
			return checked, soc.Errorf(soc.Conflict, "entry %d was changed: its digest does not follow from it", e.Seq)
		}
		checked.Entries++
	}
	return checked, scanner.Err()
}

func read(f *zip.File) ([]byte, error) {
	if f.UncompressedSize64 > maxFile {
		return nil, fmt.Errorf("more than %d bytes", maxFile)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxFile))
	if closed := r.Close(); err == nil {
		err = closed
	}
	return data, err
}
