package engine

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"go.temporal.io/server/common/authorization"
	"google.golang.org/grpc/metadata"
)

// token is what our own client shows at every call. It is made at start, kept in memory only, and whoever can't
// show it is refused: the frontend's port is open to every local process.
type token struct{ value string }

var (
	_ authorization.ClaimMapper                     = (*token)(nil)
	_ authorization.ClaimMapperWithAuthInfoRequired = (*token)(nil)
	_ authorization.Authorizer                      = onlyUs{}
)

func newToken() (*token, error) {
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, fmt.Errorf("make the engine's token: %w", err)
	}
	return &token{value: "Bearer " + base64.RawURLEncoding.EncodeToString(secret)}, nil
}

// GetHeaders gives our client what it must show.
func (t *token) GetHeaders(ctx context.Context) (map[string]string, error) {
	if md, ok := metadata.FromOutgoingContext(ctx); ok && len(md.Get("authorization")) > 0 {
		return nil, nil
	}
	return map[string]string{"authorization": t.value}, nil
}

// GetClaims knows one caller with all rights, and strangers with none.
func (t *token) GetClaims(info *authorization.AuthInfo) (*authorization.Claims, error) {
	if subtle.ConstantTimeCompare([]byte(info.AuthToken), []byte(t.value)) != 1 {
		return &authorization.Claims{Subject: "stranger"}, nil
	}
	return &authorization.Claims{Subject: "picket", System: authorization.RoleAdmin}, nil
}

// AuthInfoRequired is false so that a call without any token is mapped, and refused, like one with a wrong token.
func (t *token) AuthInfoRequired() bool { return false }

// onlyUs allows whoever was recognised, everything: there is one user of this server.
type onlyUs struct{}

func (onlyUs) Authorize(_ context.Context, caller *authorization.Claims, _ *authorization.CallTarget) (authorization.Result, error) {
	if caller != nil && caller.System == authorization.RoleAdmin {
		return authorization.Result{Decision: authorization.DecisionAllow}, nil
	}
	return authorization.Result{Decision: authorization.DecisionDeny}, nil
}
