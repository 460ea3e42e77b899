package playbooks

import (
	"crypto/sha256"
	"encoding/hex"

	"picket/playbooks/check"
	"picket/playbooks/spec"
)

// Agent is an agent file that playbooks can use.
type Agent = check.Agent

// ReadAgents reads and checks agent files, and gives those that hold by their names. A name that a second file has as well
// is an error of that file.
func ReadAgents(files []File, cat *Catalog) (map[string]Agent, []Diagnostic) {
	if cat == nil {
		cat = &Catalog{}
	}
	agents, from := map[string]Agent{}, map[string]string{}
	var diagnostics []Diagnostic
	for _, f := range files {
		bag := &spec.Bag{File: f.Name}
		if file := spec.ReadAgent(f.Source, bag); file != nil {
			check.AgentFile(file, cat, bag)
			if name := file.Name; name != nil {
				if first, again := from[name.Text]; again {
					bag.Error(spec.CodeDuplicateID, name.Span, "choose another name", "the name %s is that of %s", name.Text, first)
				}
				if from[name.Text] = f.Name; !bag.Failed() {
					sum := sha256.Sum256(f.Source)
					agents[name.Text] = Agent{Digest: hex.EncodeToString(sum[:]), File: file}
				}
			}
		}
		diagnostics = append(diagnostics, bag.All()...)
	}
	return agents, diagnostics
}
