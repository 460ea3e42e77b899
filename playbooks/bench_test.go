package playbooks_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks"
)

// thousand is a playbook of a thousand steps: calls, computed values, branches, loops and approvals, each using what
// stands before it.
func thousand() []byte {
	var b strings.Builder
	b.WriteString("name: thousand\nowner: team\non: {alert: {}}\nsteps:\n")
	for i := range 100 {
		fmt.Fprintf(&b, `  - {id: geo%[1]d, action: geoip.lookup, with: {ip: '${{ alert.src_ip ?? "192.0.2.1" }}'}}
  - {id: intel%[1]d, action: intel.lookup, with: {value: '${{ alert.src_ip ?? "x" }}'}}
  - {id: set%[1]d, set: {a: '${{ steps.geo%[1]d.output.country }}', b: '${{ len(steps.intel%[1]d.output.matches) + %[1]d }}'}}
  - id: pick%[1]d
    choose:
      - when: steps.set%[1]d.output.b > 3 && alert.severity >= high
        steps:
          - id: gate%[1]d
            approve: {title: 'Suspend ${{ alert.user.name }}?', by: {role: responder}, covers: [suspend%[1]d], within: 1h}
          - {id: suspend%[1]d, action: okta.suspend_user, with: {user: '${{ alert.user.name ?? "x" }}'}}
      - else:
          - {id: note%[1]d, action: notes.add, with: {text: 'nothing to do for ${{ steps.set%[1]d.output.a }}'}}
  - id: each%[1]d
    foreach:
      items: '${{ steps.intel%[1]d.output.matches }}'
      steps:
        - {id: inner%[1]d, if: 'item.list != "x"', action: notes.add, with: {text: '${{ item.list }}'}}
  - {id: last%[1]d, set: {x: '${{ steps.pick%[1]d.status }}'}}
`, i)
	}
	return []byte(b.String())
}

func BenchmarkCompileAThousandSteps(b *testing.B) {
	cat, source := fixture(b), thousand()
	p, diagnostics := playbooks.Compile("thousand.yaml", source, cat)
	require.NotNil(b, p, "%v", diagnostics)
	b.ReportAllocs()
	for b.Loop() {
		playbooks.Compile("thousand.yaml", source, cat)
	}
}
