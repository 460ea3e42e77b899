package connector

import "picket/internal/secret"

// DemoConnections are the connections of the demo: both lead to the sandbox, and say so.
func DemoConnections(sandboxURL, token string) []Connection {
	unlimited := map[string]string{settingRate: "0"}
	return []Connection{
		{
			Name: "sandbox", Connector: "okta", Title: "Sandbox (speaks the Okta API)", BaseURL: sandboxURL + "/okta",
			Settings: unlimited, Secrets: map[string]Secret{"token": secret.New(token)}, AllowPrivate: true,
		},
		{
			Name: "sandbox", Connector: "edr", Title: "Sandbox (speaks the Defender for Endpoint API)", BaseURL: sandboxURL + "/defender",
			Settings: unlimited, Secrets: map[string]Secret{"token": secret.New(token)}, AllowPrivate: true,
		},
	}
}
