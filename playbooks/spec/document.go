package spec

import (
	"regexp"
	"strconv"

	"picket/playbooks/plan"
)

// Types are the types that an input can have.
var Types = []string{"string", "number", "integer", "boolean", "array", "object"}

// Read checks the shape of a document. What could be read is returned even where something is wrong, so that all
// problems are found at once; it is nil only where nothing could.
func Read(source []byte, bag *Bag) *Playbook {
	root := Parse(source, bag)
	if root == nil {
		return nil
	}
	r := &reader{bag: bag, ids: map[string]Span{}}
	f := r.mapping(root, "a playbook", keys("playbook"))
	if root.Kind != Map {
		return nil
	}
	p := &Playbook{Name: f.need("name"), Title: r.literal(f.get("title"), "title")}
	r.renamed(r.literal(p.Name, "name"), spanOf(p.Name), kebabName, "a playbook's name", "write it in kebab-case, like suspicious-sign-in", kebab)
	p.Owner = r.literal(f.need("owner"), "owner")
	p.Labels = r.labels(f.get("labels"), "labels", kebabName, "a label", "write it in kebab-case", kebab)
	p.Attack = r.labels(f.get("attack"), "attack", technique, "an ATT&CK technique", "write it like T1078 or T1078.004", upperTechnique)
	r.on(p, f.need("on"))
	r.inputs(p, f.get("inputs"))
	r.run(p, f.get("run"))
	if steps := f.need("steps"); steps != nil {
		p.Steps = r.block(steps, "steps")
	}
	p.Outputs = r.values(f.get("outputs"), "outputs", "an output's name")
	return p
}

func spanOf(n *Node) Span {
	if n == nil {
		return Span{}
	}
	return n.Span
}

func (r *reader) labels(n *Node, key string, form *regexp.Regexp, what, how string, better func(string) string) []string {
	var labels []string
	for _, word := range r.words(n, key) {
		r.renamed(word.raw, word.Span, form, what, how, better)
		labels = append(labels, word.raw)
	}
	return labels
}

func (r *reader) on(p *Playbook, n *Node) {
	if n == nil {
		return
	}
	f := r.mapping(n, "`on`", keys("on"))
	if n.Kind == Map && len(n.Entries) == 0 {
		r.bag.Error(CodeMissing, n.Span, "give it `alert: {}`, `manual: {}` or a `schedule`", "nothing starts this playbook")
	}
	if manual := f.get("manual"); manual != nil {
		p.Manual = true
		if manual.Kind != Null {
			r.mapping(manual, "`manual`", nil)
		}
	}
	alert := f.get("alert")
	switch {
	case alert == nil:
	case alert.Kind == Null:
		p.Alerts = append(p.Alerts, Alert{})
	case alert.Kind == List:
		for _, item := range alert.Items {
			p.Alerts = append(p.Alerts, r.alert(item))
		}
	default:
		p.Alerts = append(p.Alerts, r.alert(alert))
	}
	switch schedule := f.get("schedule"); {
	case schedule == nil:
	case schedule.Kind == List:
		for _, item := range schedule.Items {
			p.Clocks = append(p.Clocks, r.schedule(item))
		}
	default:
		p.Clocks = append(p.Clocks, r.schedule(schedule))
	}
}

func (r *reader) alert(n *Node) Alert {
	f := r.mapping(n, "`alert`", keys("alert"))
	return Alert{When: r.scalar(f.get("when"), "when"), Sources: r.sources(f.get("source"))}
}

// sources are one or several sources of alerts; none is any.
func (r *reader) sources(n *Node) []*Node {
	switch {
	case n == nil:
	case n.Kind == List:
		if len(n.Items) == 0 {
			r.bag.Error(CodeValue, n.Span, "leave `source` out for alerts of any source", "the list of sources is empty")
		}
		return r.words(n, "source")
	case r.literal(n, "source") != "":
		return []*Node{n}
	}
	return nil
}

func (r *reader) schedule(n *Node) Schedule {
	f := r.mapping(n, "`schedule`", keys("schedule"))
	s := Schedule{
		Node: n, Cron: r.word(f.get("cron"), "cron"), Timezone: r.word(f.get("timezone"), "timezone"), Every: r.duration(f.get("every"), "every"),
		Inputs: r.values(f.get("inputs"), "inputs", "an input's name"),
	}
	switch cron, every := f.get("cron"), f.get("every"); {
	case cron == nil && every == nil && n.Kind == Map:
		r.bag.Error(CodeMissing, n.Span, `add cron: "0 6 * * *" or every: 1h`, "`schedule` needs `cron` or `every`")
		r.bag.Add(n, "every", "1h")
	case cron != nil && every != nil:
		r.bag.Error(CodeValue, every.Span, "leave one of them out", "a schedule has `cron` or `every`, not both")
		r.bag.TakeOut(n, "every")
	case every != nil && s.Every > 0 && s.Every < minEvery:
		r.bag.Error(CodeDuration, every.Span, "at least 10s", "a schedule can't be that dense")
		r.bag.Fix("Change it to 10s", Replace(every.Span, "10s"))
	}
	return s
}

func (r *reader) inputs(p *Playbook, n *Node) {
	if n == nil || n.Kind == Null {
		return
	}
	if n.Kind != Map {
		r.bag.Error(CodeType, n.Span, "", "`inputs` must be a mapping of names, not %s", n.Kind)
		return
	}
	for _, e := range n.Entries {
		r.named(e.Key.Text, e.Key.Span, identifier, "an input's name", "write it in snake_case")
		f := r.mapping(e.Value, "an input", keys("input"))
		in := Input{Name: e.Key, Default: f.get("default"), Required: r.boolean(f.get("required"), "required")}
		in.Type = r.oneOf(f.need("type"), "type", "", Types)
		if in.Required && in.Default != nil {
			r.bag.Error(CodeValue, f.get("required").Span, "leave one of them out", "an input with a default is never required")
			r.bag.TakeOut(e.Value, "required")
		}
		p.Inputs = append(p.Inputs, in)
	}
}

func (r *reader) run(p *Playbook, n *Node) {
	if n == nil {
		return
	}
	f := r.mapping(n, "`run`", keys("run"))
	p.Key = r.scalar(f.get("key"), "key")
	p.Overlap = r.oneOf(f.get("overlap"), "overlap", plan.OverlapQueue, Overlaps)
	if overlap := f.get("overlap"); overlap != nil && p.Key == nil {
		r.bag.Error(CodeMissing, overlap.Span, "add `key:`, such as '${{ alert.user.name }}'", "`overlap` means nothing without `key`")
		r.bag.Add(n, "key", "'${{ alert.user.name }}'")
	}
	p.Timeout = r.duration(f.get("timeout"), "timeout")
	if budget := f.get("budget"); budget != nil {
		p.Budget = r.budget(budget)
	}
}

func (r *reader) budget(n *Node) plan.Budget {
	b := r.mapping(n, "`budget`", keys("budget"))
	return plan.Budget{
		ModelTokens:  r.whole(b.get("model_tokens"), "model_tokens", 1, 1_000_000_000),
		ModelCostUSD: r.money(b.get("model_cost_usd"), "model_cost_usd"),
	}
}

func (r *reader) money(n *Node, key string) float64 {
	if n == nil {
		return 0
	}
	f, err := strconv.ParseFloat(n.Text, 64)
	if n.Kind != Number || err != nil || f <= 0 || f > 1e6 {
		r.bag.Error(CodeValue, n.Span, "", "`%s` must be a number above 0 and at most 1000000", key)
		return 0
	}
	return f
}

// values is a mapping of snake_case names to values of any kind.
func (r *reader) values(n *Node, key, what string) []Entry {
	if n == nil || n.Kind == Null {
		return nil
	}
	if n.Kind != Map {
		r.bag.Error(CodeType, n.Span, "", "`%s` must be a mapping of names to values, not %s", key, n.Kind)
		return nil
	}
	for _, e := range n.Entries {
		r.named(e.Key.Text, e.Key.Span, identifier, what, "write it in snake_case")
	}
	return n.Entries
}
