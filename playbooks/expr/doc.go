// Package expr is the expression language of playbooks: expr-lang's syntax, with a profile that a workflow can run.
//
// The profile is pure: the same source over the same documents at the same clock gives the same bytes on every
// machine and in every year. It therefore has its own evaluator over expr-lang's syntax tree. The evaluator counts
// what it does, so that an expression ends within a bound on steps, memory and output however hostile its data is.
//
// Where expr-lang would fail on a fact that is not there, this profile reads null: a member of null, a missing member
// and an index past the end are null; null sorts nowhere (every <, <=, > and >= with it is false), is an empty list
// to a list function, contains nothing and matches nothing, and counts as false in a condition. Arithmetic on null
// is an error.
//
// Two severity words compare in the order of severities, and two texts that are timestamps compare as the instants
// they name. Times are in UTC. Objects are walked in the order of their keys.
package expr

// The bounds of one evaluation. They hold the worst expression under a quarter of a second on a slow core, well
// below the second after which Temporal takes a workflow for dead.
const (
	MaxSource   = 16 << 10 // bytes of one expression's source
	MaxNodes    = 2000     // elements of its syntax tree
	MaxSteps    = 1 << 20  // steps of the evaluator; long texts cost by their length
	MaxMemory   = 32 << 20 // bytes made on the way, estimated
	MaxOutput   = 1 << 20  // bytes of the result's JSON
	MaxDocument = 16 << 20 // bytes of one root's JSON document
	MaxDepth    = 200      // levels of nesting in a document and a result
	MaxPattern  = 1000     // bytes of one regular expression
	MaxTemplate = 1 << 20  // bytes of one text with ${{ }} in it
)

// severities are the severity words in rising order. They are constants in every expression.
var severities = []string{"unknown", "informational", "low", "medium", "high", "critical", "fatal"}

func severityRank(word string) (int, bool) {
	for i, s := range severities {
		if s == word {
			return i, true
		}
	}
	return 0, false
}
