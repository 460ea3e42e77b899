package app

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"picket/internal/connector"
	"picket/internal/contract"
	"picket/internal/mcptools"
	"picket/internal/secret"
	"picket/internal/soc"
	"picket/internal/store"
)

// MCPConfig is an MCP server whose tools playbooks and agents can call, as operations of a connector of its name.
type MCPConfig struct {
	Name         string   `yaml:"name"`
	URL          string   `yaml:"url"`
	Token        string   `yaml:"token"`
	TokenFile    string   `yaml:"token_file"`
	AllowPrivate bool     `yaml:"allow_private"`
	Tools        []string `yaml:"tools"` // those that are taken; all unless said
	Reads        []string `yaml:"reads"` // those that change nothing; every other one is consequential
}

func pinKey(name string) string { return "mcp/" + name }

// addMCP adds the tools of MCP servers as they were pinned; a server that is seen for the first time is asked, and what it
// says is pinned. One that does not answer keeps nothing from starting once it is pinned.
func (a *App) addMCP(ctx context.Context, servers []MCPConfig) error {
	for _, c := range servers {
		server := mcptools.New(mcptools.Config{
			Name: c.Name, URL: c.URL, Token: secret.New(c.Token), Tools: c.Tools, Reads: c.Reads, Version: a.options.Version,
			Client: connector.NewHTTPClient(connector.ClientOptions{AllowPrivate: c.AllowPrivate}),
		})
		tools, err := pinnedTools(ctx, a.store, c.Name)
		switch {
		case soc.KindOf(err) == soc.NotFound:
			if tools, err = server.List(ctx); err != nil {
				return err
			}
			if err := a.store.PinTools(ctx, pinKey(c.Name), tools, contract.ToolsPinned{Server: c.Name, URL: c.URL, Tools: digests(tools)}); err != nil {
				return err
			}
		case err != nil:
			return err
		default:
			a.lookAgain(ctx, server, c.Name, tools)
		}
		for _, wanted := range slices.Concat(c.Tools, c.Reads) {
			if !slices.ContainsFunc(tools, func(t mcptools.Tool) bool { return t.Name == wanted }) {
				return soc.Errorf(soc.Invalid, "mcp.%s: the tool %q is not among those that are pinned; run: picket mcp repin %s", c.Name, wanted, c.Name)
			}
		}
		if len(c.Tools) > 0 {
			tools = slices.DeleteFunc(tools, func(t mcptools.Tool) bool { return !slices.Contains(c.Tools, t.Name) })
		}
		if err := a.registry.AddNative(c.Name, "MCP server "+c.Name, c.Name, server.Operations(tools)); err != nil {
			return err
		}
	}
	return nil
}

// lookAgain warns of what is not as it was pinned. Such a tool is not called.
func (a *App) lookAgain(ctx context.Context, server *mcptools.Server, name string, pinned []mcptools.Tool) {
	now, err := server.List(ctx)
	if err != nil {
		a.options.Log.WarnContext(ctx, "an MCP server can't be asked; its pinned tools are offered", "server", name, "error", err)
		return
	}
	for _, was := range pinned {
		at := slices.IndexFunc(now, func(t mcptools.Tool) bool { return t.Name == was.Name })
		if at < 0 || now[at].Digest != was.Digest {
			a.options.Log.WarnContext(ctx, "a tool of an MCP server is not what was pinned, and is not called", "server", name, "tool", was.Name)
		}
	}
}

func pinnedTools(ctx context.Context, s *store.Store, name string) ([]mcptools.Tool, error) {
	text, err := s.Setting(ctx, pinKey(name))
	if err != nil {
		return nil, err
	}
	var tools []mcptools.Tool
	return tools, json.Unmarshal([]byte(text), &tools)
}

func digests(tools []mcptools.Tool) map[string]string {
	out := map[string]string{}
	for _, t := range tools {
		out[t.Name] = t.Digest
	}
	return out
}

// RepinMCP forgets what was pinned of an MCP server: the next start asks it again.
func RepinMCP(ctx context.Context, dir, name string) (err error) {
	s, err := store.Open(ctx, paths{dir}.database())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if _, err := pinnedTools(ctx, s, name); err != nil {
		if soc.KindOf(err) == soc.NotFound {
			return soc.Errorf(soc.NotFound, "nothing is pinned of an MCP server %q", name)
		}
		return err
	}
	return s.ForgetSetting(ctx, pinKey(name))
}
