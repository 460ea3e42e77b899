package library_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// foreign is a playbook of another product, as far as it takes to tell what it uses.
type foreign struct {
	name   string // folder/file
	text   string // the whole source
	blocks []block
	joins  int // blocks with more than one way in
	forks  int // ways out that lead to more than one block
	inputs bool
	output bool
	labels bool // started by events of some labels only
}

// block is one block of a Splunk SOAR playbook, in either of its two formats.
type block struct {
	kind     string // action, api, code, decision, filter, format, function, playbook, prompt
	name     string // of the action, the API call or the function
	effect   string // of an action: investigate, contain, correct, generic
	code     string
	ways     int // conditions of a filter or a decision
	assets   int
	detached bool
	template string
	loops    bool // one call for each of the items that its parameters name
}

const corpora = "../../../shared/corpora"

// corpus reads every playbook of a folder.
func corpus(t *testing.T, folder string) []foreign {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(corpora, folder))
	require.NoError(t, err)
	var all []foreign
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(corpora, folder, e.Name()))
		require.NoError(t, err)
		f := foreign{name: folder + "/" + e.Name(), text: string(text)}
		if filepath.Ext(e.Name()) == ".json" {
			phantom(t, text, &f)
		}
		all = append(all, f)
	}
	return all
}

type phantomDocument struct {
	Labels []string `json:"labels"`
	COA    struct {
		Inputs  []any `json:"input_spec"`
		Outputs []any `json:"output_spec"`
		Data    struct {
			Nodes map[string]phantomNode `json:"nodes"`
			Edges []struct {
				Source     string `json:"sourceNode"`
				Target     string `json:"targetNode"`
				Conditions []struct {
					Index int `json:"index"`
				} `json:"conditions"`
			} `json:"edges"`
			Joint struct {
				Cells []phantomCell `json:"cells"`
			} `json:"joint"`
		} `json:"data"`
	} `json:"coa"`
}

// phantomNode is a block of the newer format.
type phantomNode struct {
	Type string `json:"type"`
	Code string `json:"userCode"`
	Own  string `json:"customCode"`
	Data struct {
		Action         string                     `json:"action"`
		Effect         string                     `json:"actionType"`
		Conditions     []any                      `json:"conditions"`
		Configs        []string                   `json:"connectorConfigs"`
		Template       string                     `json:"template"`
		Playbook       string                     `json:"playbookName"`
		Synchronous    *bool                      `json:"synchronous"`
		Values         map[string]json.RawMessage `json:"values"`
		Parameters     json.RawMessage            `json:"parameters"`
		UtilityType    string                     `json:"utilityType"`
		CustomFunction struct {
			Name string `json:"name"`
		} `json:"customFunction"`
	} `json:"data"`
}

// phantomCell is a block or a link of the older format.
type phantomCell struct {
	ID     string `json:"id"`
	Type   string `json:"type"`
	Name   string `json:"name"`
	Title  string `json:"title"`
	Action string `json:"action"`
	Effect string `json:"action_type"`
	Code   string `json:"block_code"`
	Own    string `json:"custom_code"`
	Assets []any  `json:"assets"`
	Source struct {
		ID   string `json:"id"`
		Port string `json:"port"`
	} `json:"source"`
	Target struct {
		ID string `json:"id"`
	} `json:"target"`
}

// paths are datapaths, which lead to lists: an action makes a call for each element.
var (
	paths = regexp.MustCompile(`playbook_input:|artifact:\*|action_result|filtered-data|custom_function`)
	items = regexp.MustCompile(`for \w+ in (container_data|\w+_data_\d|formatted_data_\d|\w+_results_data_\d)`)
)

var phantomKinds = map[string]string{
	"coa.Action": "action", "coa.API": "api", "coa.CustomFunctionBlock": "function", "coa.FunctionBlock": "code",
	"coa.Decision": "decision", "coa.Filter": "filter", "coa.Format": "format", "coa.Prompt": "prompt",
}

func phantom(t *testing.T, text []byte, f *foreign) {
	t.Helper()
	var d phantomDocument
	require.NoError(t, json.Unmarshal(text, &d), f.name)
	f.inputs, f.output = len(d.COA.Inputs) > 0, len(d.COA.Outputs) > 0
	f.labels = len(d.Labels) > 0 && !slices.Contains(d.Labels, "*")
	for _, n := range d.COA.Data.Nodes {
		if n.Type == "start" || n.Type == "end" {
			continue
		}
		b := block{
			kind: n.Type, name: n.Data.Action, effect: n.Data.Effect, code: n.Code + n.Own, ways: len(n.Data.Conditions),
			loops: n.Type == "action" && paths.Match(n.Data.Parameters), assets: len(n.Data.Configs), template: n.Data.Template, detached: n.Data.Synchronous != nil && !*n.Data.Synchronous,
		}
		switch {
		case n.Type == "playbook":
			b.name = n.Data.Playbook
		case n.Type == "utility" && n.Data.UtilityType == "api":
			for call := range n.Data.Values {
				f.blocks = append(f.blocks, block{kind: "api", name: strings.ReplaceAll(call, "_", " ")})
			}
			continue
		case n.Type == "utility":
			b.kind, b.name = "function", n.Data.CustomFunction.Name
		}
		f.blocks = append(f.blocks, b)
	}
	in, out, ends := map[string]int{}, map[string]int{}, map[string]bool{}
	for id, n := range d.COA.Data.Nodes {
		ends[id] = n.Type == "end"
	}
	for _, e := range d.COA.Data.Edges {
		port := e.Source
		for _, c := range e.Conditions {
			port += "/" + string(rune('0'+c.Index))
		}
		in[e.Target]++
		out[port]++
	}
	for _, c := range d.COA.Data.Joint.Cells {
		if c.Type == "link" {
			in[c.Target.ID]++
			out[c.Source.ID+"/"+c.Source.Port]++
			continue
		}
		ends[c.ID] = c.Type == "coa.StartEnd" && c.Title == "END"
		if kind := phantomKinds[c.Type]; kind != "" {
			b := block{kind: kind, name: c.Name, effect: c.Effect, code: c.Code + c.Own, assets: len(c.Assets)}
			if kind == "action" {
				b.name = c.Action
			}
			b.ways, b.template = strings.Count(c.Code, "' condition "), c.Code
			b.loops = kind == "action" && strings.Contains(c.Code, "parameters.append") && items.MatchString(c.Code)
			f.blocks = append(f.blocks, b)
		}
	}
	for id, ways := range in {
		if ways > 1 && !ends[id] {
			f.joins++
		}
	}
	for _, ways := range out {
		if ways > 1 {
			f.forks++
		}
	}
}

// has tells whether a block is of a kind and, if words are given, its name has one of them.
func (f foreign) has(kind string, words ...string) bool {
	return slices.ContainsFunc(f.blocks, func(b block) bool { return b.kind == kind && containsAny(b.name, words) })
}

func containsAny(text string, words []string) bool {
	return len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(text, w) })
}

func (f foreign) any(holds func(block) bool) bool { return slices.ContainsFunc(f.blocks, holds) }

// says tells whether the source of a Keep workflow has a match, outside of comments.
func (f foreign) says(pattern string) bool {
	if strings.HasPrefix(f.name, "phantom/") {
		return false
	}
	return regexp.MustCompile(pattern).MatchString(comments.ReplaceAllString(f.text, ""))
}

var comments = regexp.MustCompile(`(?m)^\s*#.*$|\s#\s.*$`)
