package library_test

import (
	"slices"
	"strings"
)

// construct is one thing that playbooks of other products use, and how to tell that one does.
type construct struct {
	name string
	in   func(foreign) bool
}

// constructs are in the order of docs/expressiveness.md.
var constructs = []construct{
	// What starts a run, and with what.
	{"trigger: by hand", func(f foreign) bool { return f.says(`(?m)^\s+(- )?type: manual\s*$`) }},
	{"trigger: alert", func(f foreign) bool { return f.labels || f.says(`(?m)^\s+(- )?type: alert\s*$`) }},
	{"trigger: filters / CEL", func(f foreign) bool { return f.says(`(?m)^( {6}| {4}- )(filters|cel):`) }},
	{"trigger: change", func(f foreign) bool { return f.says(`only_on_change:|severity_changed:`) }},
	{"trigger: interval", func(f foreign) bool { return f.says(`(?m)^\s+(- )?type: interval\s*$`) }},
	{"trigger: incident", func(f foreign) bool { return f.says(`(?m)^\s+(- )?type: incident\s*$`) }},
	{"inputs", func(f foreign) bool { return f.inputs }},
	{"outputs", func(f foreign) bool { return f.output }},
	{"constants", func(f foreign) bool { return f.says(`consts:\s*\n`) }},

	// Flow.
	{"filter", func(f foreign) bool { return f.has("filter") }},
	{"filter: several ways", func(f foreign) bool { return f.any(func(b block) bool { return b.kind == "filter" && b.ways > 1 }) }},
	{"decision / condition", func(f foreign) bool { return f.has("decision") || f.says(`(?m)^\s+(if|condition):`) }},
	{"threshold with levels", func(f foreign) bool { return f.says(`compare_to: .*,`) }},
	{"branches at once", func(f foreign) bool { return f.forks > 0 }},
	{"join", func(f foreign) bool { return f.joins > 0 }},
	{"loop over items", func(f foreign) bool { return f.says(`foreach:`) || f.any(func(b block) bool { return b.loops }) }},
	{"sub-playbook", func(f foreign) bool { return f.has("playbook") }},
	{"sub-playbook: detached", func(f foreign) bool { return f.any(func(b block) bool { return b.kind == "playbook" && b.detached }) }},
	{"sub-playbook: found by tag", func(f foreign) bool { return f.has("playbook", "dispatch") || f.has("function", "playbooks_list") }},
	{"on failure", func(f foreign) bool { return f.says(`on-failure:`) }},
	{"prompt", func(f foreign) bool { return f.has("prompt") }},
	{"prompt: choices", func(f foreign) bool {
		return f.any(func(b block) bool { return b.kind == "prompt" && strings.Contains(b.code, `"choices"`) })
	}},
	{"prompt: computed fields", func(f foreign) bool {
		return f.any(func(b block) bool { return b.kind == "prompt" && strings.Contains(b.code, "response_types.append") })
	}},

	// Values.
	{"format block", func(f foreign) bool { return f.has("format") || f.says(`message: (>|\|)|text: \|`) }},
	{"format: a row for each item", func(f foreign) bool {
		return f.any(func(b block) bool { return b.kind == "format" && strings.Contains(b.template, "%%") }) || f.says(`\{\{#`)
	}},
	{"code", func(f foreign) bool { return f.has("code") || f.any(ownCode) }},
	{"functions", func(f foreign) bool {
		return f.has("function") || f.says(`keep\.[a-z]`) || f.says(`\|\s*(length|default)`)
	}},
	{"time arithmetic", func(f foreign) bool { return f.has("function", "datetime") || f.says(`datetime_compare|utcnow`) }},
	{"time zone", func(f foreign) bool { return f.says(`timezone=`) }},
	{"random value", func(f foreign) bool { return f.any(func(b block) bool { return strings.Contains(b.code, "randint") }) }},
	{"model", func(f foreign) bool { return f.says(`type: openai`) }},
	{"model: answer with a schema", func(f foreign) bool { return f.says(`structured_output_format:`) }},

	// Calls.
	{"query / lookup", func(f foreign) bool {
		return f.any(func(b block) bool { return b.kind == "action" && b.effect == "investigate" }) || f.says(`query:|command_type: get|filter:`)
	}},
	{"containment", func(f foreign) bool { return f.any(contains) || f.says(`scale_deployment`) }},
	{"ticket / message / page", func(f foreign) bool {
		return f.has("action", "create ticket", "update ticket", "send email") || f.says(`type: (slack|jira|jiraonprem|servicenow|discord|teams|ntfy|monday|asana|youtrack|sendgrid|zoom|zoom_chat|opsgenie|squadcast|signl4|ilert|grafana_incident)\b`)
	}},
	{"rich message", func(f foreign) bool { return f.says(`blocks:|attachments:|components:|sections:`) }},
	{"connection by name", func(f foreign) bool {
		return f.any(func(b block) bool { return b.kind == "action" && b.assets > 0 }) || f.says(`config:`)
	}},
	{"secret in the source", func(f foreign) bool { return f.says(`\{\{ env\.`) }},
	{"several connections at once", func(f foreign) bool {
		return f.any(func(b block) bool { return b.kind == "action" && b.assets > 1 }) || strings.Contains(f.text, "against all assets")
	}},
	{"files", func(f foreign) bool { return f.any(handlesFile) || f.says(`type: s3`) }},
	{"HTTP", func(f foreign) bool { return f.says(`type: (http|webhook)`) }},

	// The product's own records.
	{"note / comment", func(f foreign) bool { return f.has("api", "comment", "note") || f.has("function", "workbook") }},
	{"severity / status", func(f foreign) bool {
		return f.has("api", "severity", "status") || f.says(`enrich_alert:\s+- key: status\s`)
	}},
	{"write on the alert", func(f foreign) bool { return f.says(`enrich_alert|enrich_incident`) }},
	{"tags / artifacts", func(f foreign) bool {
		return f.has("function", "indicator_tag", "artifact_create") || f.has("action", "add artifact")
	}},
	{"collect indicators", func(f foreign) bool { return f.has("function", "indicator_collect", "collect_by_cef_type") }},
	{"find alerts", func(f foreign) bool { return f.says(`type: keep\s+with:\s+(version: \d+\s+)?filters?:`) }},
	{"raise an alert", func(f foreign) bool { return f.says(`type: keep\s+with:\s+if:`) }},
	{"list kept outside", func(f foreign) bool {
		return f.any(func(b block) bool { return strings.Contains(b.code, "get_list(") })
	}},
	{"pin / head-up display", func(f foreign) bool { return f.has("api", "pin", "call api") }},
	{"change playbooks", func(f foreign) bool { return f.says(`workflow_to_update_yaml`) }},
	{"console", func(f foreign) bool { return f.says(`type: (console|mock)`) }},
}

// handlesFile tells an action that fetches a file or hands one on.
func handlesFile(b block) bool {
	return b.kind == "action" && slices.Contains([]string{"get file", "get pcap", "detonate file", "detonate file and get report"}, b.name)
}

// ownCode tells a block of another kind in which somebody wrote Python.
func ownCode(b block) bool {
	for _, line := range strings.Split(b.code, "\n") {
		line = strings.TrimSpace(line)
		if b.kind == "function" && line != "" && !strings.HasPrefix(line, "#") && strings.Contains(line, "parameters = [") {
			return strings.Contains(b.code, "parameter for parameter in") || strings.Contains(b.code, "custom_list") || strings.Contains(b.code, "_result:")
		}
	}
	return false
}

// changes are words of the actions that change the world outside.
var changes = []string{"block", "unblock", "allow", "disable", "enable", "quarantine", "terminate", "set password", "snapshot"}

func contains(b block) bool {
	return b.kind == "action" && (b.effect == "contain" || b.effect == "correct" || containsAny(b.name, changes))
}
