package sandbox

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// oktaRoutes speaks the part of Okta's API that the connector uses, and the creation of users so that tests can
// make their own. See https://developer.okta.com/docs/api/openapi/okta-management/management/tag/User/.
func (s *Server) oktaRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/users/{user}", s.oktaGet)
	mux.HandleFunc("POST /api/v1/users", s.oktaCreate)
	mux.HandleFunc("POST /api/v1/users/{user}/lifecycle/suspend", func(w http.ResponseWriter, r *http.Request) {
		s.oktaLifecycle(w, r, callSuspend, statusActive, "Cannot suspend a user that is not active")
	})
	mux.HandleFunc("POST /api/v1/users/{user}/lifecycle/unsuspend", func(w http.ResponseWriter, r *http.Request) {
		s.oktaLifecycle(w, r, callUnsuspend, statusSuspended, "Cannot unsuspend a user that is not suspended")
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		oktaError(w, http.StatusNotFound, "E0000022", "The endpoint does not support the provided HTTP method, or does not exist in the sandbox")
	})
}

type oktaUser struct {
	ID            string      `json:"id"`
	Status        string      `json:"status"`
	Created       string      `json:"created"`
	Activated     *string     `json:"activated"`
	StatusChanged *string     `json:"statusChanged"`
	LastLogin     *string     `json:"lastLogin"`
	LastUpdated   string      `json:"lastUpdated"`
	Profile       oktaProfile `json:"profile"`
}

type oktaProfile struct {
	FirstName   string `json:"firstName"`
	LastName    string `json:"lastName"`
	DisplayName string `json:"displayName"`
	Login       string `json:"login"`
	Email       string `json:"email"`
	Department  string `json:"department,omitempty"`
}

const (
	oktaTime    = "2006-01-02T15:04:05.000Z"
	oktaCreated = "2023-06-24T16:39:18.000Z"
)

func oktaView(u *User) oktaUser {
	first, last, _ := strings.Cut(u.Name, " ")
	created := oktaCreated
	out := oktaUser{
		ID: u.ID, Status: u.Status, Created: created, Activated: &created, LastUpdated: created,
		Profile: oktaProfile{FirstName: first, LastName: last, DisplayName: u.Name, Login: u.Login, Email: u.Login, Department: u.Department},
	}
	if !u.Changed.IsZero() {
		changed := u.Changed.Format(oktaTime)
		out.StatusChanged, out.LastUpdated = &changed, changed
	}
	return out
}

func (s *Server) oktaGet(w http.ResponseWriter, r *http.Request) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	u := s.state.findUser(r.PathValue("user"))
	if u == nil {
		oktaUnknown(w, r)
		return
	}
	writeJSON(w, http.StatusOK, oktaView(u))
}

func (s *Server) oktaCreate(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Profile oktaProfile `json:"profile"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		oktaError(w, http.StatusBadRequest, "E0000003", "The request body was not well-formed.")
		return
	}
	login := strings.ToLower(body.Profile.Login)
	if !strings.Contains(login, "@") || len(login) > 100 {
		oktaError(w, http.StatusBadRequest, "E0000001", "Api validation failed: login")
		return
	}
	name := strings.TrimSpace(body.Profile.FirstName + " " + body.Profile.LastName)
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	if s.state.findUser(login) != nil {
		oktaError(w, http.StatusBadRequest, "E0000001", "Api validation failed: login - An object with this field already exists in the current organization")
		return
	}
	if _, err := s.state.record(Call{Kind: callCreateUser, Target: userID(login), Name: login, Status: http.StatusOK, Comment: name}); err != nil {
		oktaError(w, http.StatusInternalServerError, "E0000009", "Internal Server Error")
		return
	}
	writeJSON(w, http.StatusOK, oktaView(s.state.findUser(login)))
}

func (s *Server) oktaLifecycle(w http.ResponseWriter, r *http.Request, kind, from, refusal string) {
	s.state.mu.Lock()
	defer s.state.mu.Unlock()
	u := s.state.findUser(r.PathValue("user"))
	if u == nil {
		oktaUnknown(w, r)
		return
	}
	call := Call{Kind: kind, Target: u.ID, Name: u.Login, Status: http.StatusOK}
	if u.Status != from {
		call.Status = http.StatusBadRequest
	}
	if _, err := s.state.record(call); err != nil {
		oktaError(w, http.StatusInternalServerError, "E0000009", "Internal Server Error")
		return
	}
	if call.Status != http.StatusOK {
		oktaError(w, call.Status, "E0000001", "Api validation failed: "+refusal)
		return
	}
	writeJSON(w, http.StatusOK, struct{}{})
}

func oktaUnknown(w http.ResponseWriter, r *http.Request) {
	oktaError(w, http.StatusNotFound, "E0000007", "Not found: Resource not found: "+r.PathValue("user")+" (User)")
}

func oktaUnauthorised(w http.ResponseWriter) {
	oktaError(w, http.StatusUnauthorized, "E0000011", "Invalid token provided")
}

func oktaError(w http.ResponseWriter, status int, code, summary string) {
	writeJSON(w, status, map[string]any{
		"errorCode": code, "errorSummary": summary, "errorLink": code,
		"errorId": "sandbox" + time.Now().UTC().Format("20060102150405.000000"), "errorCauses": []any{},
	})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
