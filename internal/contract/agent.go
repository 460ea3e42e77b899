package contract

import (
	"fmt"
	"regexp"
	"strings"
)

// AgentTurn and AgentCall are the paths of what an agent does at a step's path: its turns and its calls of tools, each
// counted from 0. No step has such a path: the last part of a step's path is its id.
func AgentTurn(step string, n int) string { return fmt.Sprintf("%s/turn[%d]", step, n) }

// AgentCall is the path of a call of a tool.
func AgentCall(step string, n int) string { return fmt.Sprintf("%s/call[%d]", step, n) }

var agentPart = regexp.MustCompile(`/(turn|call)\[[0-9]+\]$`)

// StepPath is the path of the step at which something happens: that of the agent for its turns and calls, else the
// path itself.
func StepPath(path string) string {
	if at := agentPart.FindStringIndex(path); at != nil {
		return path[:at[0]]
	}
	return path
}

// IsAgentCall tells whether a path is that of a call of an agent's tool.
func IsAgentCall(path string) bool {
	return StepPath(path) != path && strings.Contains(path[strings.LastIndexByte(path, '/'):], "call")
}
