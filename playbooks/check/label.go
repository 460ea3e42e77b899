package check

// Labels say who can have written a value: a set, of which the empty one is the playbook's author and our own engine.
type labels uint8

// The labels. All but the last mark a value as untrusted: an attacker can have had a part in it.
const (
	fromAlert  labels = 1 << iota // the alert's text
	fromEvent                     // a later alert's
	fromAnswer                    // the answer of an operation that the catalog marks
	fromModel                     // what a language model wrote
	fromError                     // a vendor's words about a failure
	fromInput                     // given when the run was started, perhaps by a playbook that had it from one of these
	fromPerson                    // what a colleague wrote into a form

	untrustedLabels = fromAlert | fromEvent | fromAnswer | fromModel | fromError | fromInput
)

var labelNames = []string{"alert", "event", "answer", "model", "error", "input", "person"}

// names are the labels as the plan and the approval card have them.
func (l labels) names() []string {
	var names []string
	for i, name := range labelNames {
		if l&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func (l labels) untrusted() bool { return l&untrustedLabels != 0 }

// taint is the labels of a value: of the whole of it, and of members that differ.
type taint struct {
	all     labels
	members map[string]labels
}

// of are the labels of what a path leads to.
func (t taint) of(path []string) labels {
	if len(path) > 0 {
		if l, ok := t.members[path[0]]; ok {
			return l
		}
		return t.all
	}
	l := t.all
	for _, member := range t.members {
		l |= member
	}
	return l
}
