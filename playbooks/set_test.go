package playbooks_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/playbooks"
)

func file(name, steps string) playbooks.File {
	return playbooks.File{Name: name + ".yaml", Source: []byte("name: " + name + "\nowner: team\non: {manual: {}}\n" + steps)}
}

func TestACalledPlaybookIsCompiledBeforeItsCallers(t *testing.T) {
	t.Parallel()
	caller := file("a-caller", `steps:
  - {id: sub, call: {playbook: callee, inputs: {ip: 192.0.2.1}}}
  - {id: use, set: {country: '${{ steps.sub.output.outputs.country ?? "none" }}'}}
`)
	callee := file("callee", `inputs: {ip: {type: string, required: true}, days: {type: integer, default: 3}}
steps:
  - {id: look, action: geoip.lookup, with: {ip: '${{ inputs.ip }}'}}
outputs: {country: '${{ steps.look.output.country }}'}
`)
	out := playbooks.CompileSet([]playbooks.File{caller, callee}, fixture(t))
	require.Empty(t, out[0].Diagnostics)
	require.Empty(t, out[1].Diagnostics)
	require.Equal(t, out[1].Plan.Digest(), out[0].Plan.Steps[0].Call.Digest)
	require.Equal(t, 1, out[0].Plan.Cost.Calls, "a caller costs what it calls")
}

func TestSetsTellWhatIsWrongBetweenFiles(t *testing.T) {
	t.Parallel()
	call := func(name string) string { return "steps:\n  - {id: sub, call: " + name + "}\n" }
	for _, c := range []struct {
		name  string
		files []playbooks.File
		want  []string
	}{
		{
			"a playbook that calls itself",
			[]playbooks.File{file("self", call("self"))},
			[]string{"self.yaml:5:21: error P062: these playbooks call each other in a circle: self -> self"},
		},
		{
			"three that call each other in a circle",
			[]playbooks.File{file("a", call("b")), file("b", call("c")), file("c", call("a"))},
			[]string{
				"a.yaml:5:21: error P060: the playbook b does not compile, so it can't be called; mend its mistakes first",
				"b.yaml:5:21: error P060: the playbook c does not compile, so it can't be called; mend its mistakes first",
				"c.yaml:5:21: error P062: these playbooks call each other in a circle: a -> b -> c -> a",
			},
		},
		{
			"two files with one name",
			[]playbooks.File{file("a", "steps: [{id: x, set: {y: 1}}]\n"), {Name: "other.yaml", Source: file("a", "steps: [{id: x, set: {y: 1}}]\n").Source}},
			[]string{"other.yaml:1:7: error P011: the name a is that of a.yaml; choose another name"},
		},
		{
			"an input that the called playbook does not have, or needs, or has of another type",
			[]playbooks.File{
				file("a", "steps:\n  - {id: sub, call: {playbook: b, inputs: {iip: x, days: many}}}\n"),
				file("b", "inputs: {ip: {type: string, required: true}, days: {type: integer}}\nsteps: [{id: x, set: {y: 1}}]\n"),
			},
			[]string{
				"a.yaml:5:32: error P061: the playbook b needs the input ip; add `ip:` to the call's `inputs`",
				"a.yaml:5:44: error P061: the playbook b has no input iip; did you mean ip?",
				"a.yaml:5:58: error P021: the input days is string, but integer is asked for",
			},
		},
		{
			"a caller of what does not compile",
			[]playbooks.File{file("a", call("b")), file("b", "steps: []\n")},
			[]string{"a.yaml:5:21: error P060: the playbook b does not compile, so it can't be called; mend its mistakes first",
				"b.yaml:4:8: error P006: `steps` is empty: it needs at least one step"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, f := range playbooks.CompileSet(c.files, fixture(t)) {
				for _, d := range f.Diagnostics {
					got = append(got, d.String())
				}
			}
			require.Equal(t, strings.Join(c.want, "\n"), strings.Join(got, "\n"))
		})
	}
}
