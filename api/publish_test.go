package api_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"picket/internal/contract"
	"picket/internal/soc"
	"picket/internal/store"
)

func TestAVersionIsSavedOnTheNewest(t *testing.T) {
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	const path = "/v1/playbooks/isolate/versions"
	changed := strings.Replace(playbookText, "Isolate the host\n", "Isolate it\n", 1)
	save := func(c *client, source string, base int) answer {
		c.p.t.Helper()
		return c.post(path, map[string]any{"source": source, "base": base, "message": " A shorter title ", "tests": "cases: []\n"})
	}
	var first soc.PlaybookVersion
	save(ana, changed, 0).is(201).into(&first)
	require.Equal(t, []any{1, "ana", "A shorter title", ""}, []any{first.Number, first.Author, first.Message, first.Source})

	late := save(p.as("bo", soc.RoleAnalyst), playbookText, 0).is(409).problem()
	require.Contains(t, late.Detail, "ana saved version 1")
	require.Equal(t, "/base", late.Errors[0].Pointer)
	save(ana, playbookText, 2).is(409)
	save(p.as("mute"), playbookText, 1).is(403)
	require.Contains(t, save(ana, "steps: []\n", 1).is(422).problem().Detail, "has no name")
	require.Contains(t, save(ana, "name: other\n", 1).is(422).problem().Detail, `named "other", not "isolate"`)
	save(ana, "name: isolate\nsteps: [\n", 1).is(422) // the reader finds no document in it
	save(ana, "name: isolate\n", 1).is(201)           // it does not compile, and need not

	var history struct {
		Items        []soc.PlaybookVersion
		Publications []soc.Publication
		Running      *int
	}
	ana.get(path).is(200).into(&history)
	require.Equal(t, []int{2, 1}, []int{history.Items[0].Number, history.Items[1].Number})
	require.Equal(t, 0, *history.Running)
	var whole soc.PlaybookVersion
	ana.get(path + "/1").is(200).into(&whole)
	require.Equal(t, []string{changed, "cases: []\n"}, []string{whole.Source, whole.Tests})
	ana.get(path + "/3").is(404)
	ana.get("/v1/playbooks/none/versions").is(404)

	entries, err := p.store.Entries(t.Context(), store.Filter{Kinds: []string{contract.KindPlaybookSaved}})
	require.NoError(t, err)
	require.Len(t, entries, 2)
	require.NotContains(t, string(entries[0].Body), "edr.isolate_host", "the ledger has the digest")
}

func TestPublishingIsForLeads(t *testing.T) {
	p := start(t)
	lead := p.as("lea", soc.RoleLead)
	lead.post("/v1/playbooks/isolate/versions", map[string]any{"source": playbookText, "base": 0}).is(201)
	publish := map[string]any{"version": 1, "reason": "reviewed"}
	p.as("ana", soc.RoleAnalyst).post("/v1/playbooks/isolate/publish", publish).is(403)
	lead.post("/v1/playbooks/isolate/publish", map[string]any{"version": 1, "reason": " "}).is(422)
	lead.post("/v1/playbooks/isolate/publish", map[string]any{"version": 7, "reason": "x"}).is(404)
	var is soc.Publication
	lead.post("/v1/playbooks/isolate/publish", publish).is(200).into(&is)
	require.Equal(t, []any{1, "lea", "reviewed"}, []any{is.Version, is.By, is.Reason})
	entries, err := p.store.Entries(t.Context(), store.Filter{Kinds: []string{contract.KindPlaybookPublished}})
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

func TestADraftIsShownAndStartsNothing(t *testing.T) {
	p := start(t)
	ana := p.as("ana", soc.RoleAnalyst)
	const text = "name: fresh\nowner: soc\non: {manual: {}}\nsteps:\n  - {id: one, set: {n: 1}}\n"
	ana.post("/v1/playbooks/fresh/versions", map[string]any{"source": text, "base": 0}).is(201)
	list := ana.get("/v1/playbooks").is(200).list()
	require.Len(t, list.Items, 2)
	require.Equal(t, []any{"fresh", true, 1.0}, []any{list.Items[0]["name"], list.Items[0]["draft"], list.Items[0]["newest"]})
	require.Equal(t, false, list.Items[1]["draft"])
	var detail struct {
		Playbook struct{ Draft bool }
		Source   string
	}
	ana.get("/v1/playbooks/fresh").is(200).into(&detail)
	require.True(t, detail.Playbook.Draft)
	require.Equal(t, text, detail.Source)
	ana.post("/v1/playbooks/fresh/runs", map[string]any{"inputs": map[string]any{}}).is(404)
}
