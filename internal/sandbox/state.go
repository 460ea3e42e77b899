package sandbox

import (
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"
)

// User is an account of the sandbox's identity provider.
type User struct {
	ID         string    `json:"id"`
	Login      string    `json:"login"`
	Name       string    `json:"name"`
	Department string    `json:"department,omitempty"`
	Status     string    `json:"status"` // ACTIVE | SUSPENDED
	Changed    time.Time `json:"changed,omitzero"`
}

// Host is a machine of the sandbox's EDR.
type Host struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	OS       string    `json:"os"`
	IP       string    `json:"ip"`
	Risk     string    `json:"risk"`
	Tags     []string  `json:"tags"`
	Isolated bool      `json:"isolated"`
	Changed  time.Time `json:"changed,omitzero"`
}

// Call is one call that would change something, refused ones included. Calls are the sandbox's whole memory.
type Call struct {
	Seq     int       `json:"seq"`
	At      time.Time `json:"at"`
	Kind    string    `json:"kind"`   // create_user | create_host | suspend | unsuspend | isolate | unisolate
	Target  string    `json:"target"` // id of the user or host
	Name    string    `json:"name"`   // login or host name
	Status  int       `json:"status"` // of the answer
	ID      string    `json:"id,omitempty"`
	Comment string    `json:"comment,omitempty"`
	Scope   string    `json:"scope,omitempty"`
}

// The kinds of calls.
const (
	callCreateUser = "create_user"
	callCreateHost = "create_host"
	callSuspend    = "suspend"
	callUnsuspend  = "unsuspend"
	callIsolate    = "isolate"
	callUnisolate  = "unisolate"
)

const (
	statusActive    = "ACTIVE"
	statusSuspended = "SUSPENDED"
)

// state is the sandbox's world. All fields are guarded by mu.
type state struct {
	mu      sync.Mutex
	journal *journal
	closed  bool
	users   map[string]*User // by id
	hosts   map[string]*Host // by id
	calls   []Call
	now     func() time.Time
}

func openState(path string, opts Options) (*state, error) {
	s := &state{users: map[string]*User{}, hosts: map[string]*Host{}, now: opts.Now}
	s.seed(opts)
	journal, err := openJournal(path, s.apply)
	if err != nil {
		return nil, err
	}
	s.journal = journal
	return s, nil
}

// seed makes the sample world. Its ids come of the names, so that they are the same on every machine.
func (s *state) seed(opts Options) {
	for _, u := range []User{
		{Login: "alice@example.test", Name: "Alice Example", Department: "Finance"},
		{Login: "bob@example.test", Name: "Bob Example", Department: "Engineering"},
		{Login: "carol@example.test", Name: "Carol Example", Department: "Sales"},
		{Login: "dave@example.test", Name: "Dave Example", Department: "IT operations"},
		{Login: "erin@example.test", Name: "Erin Example", Department: "Legal"},
		{Login: "svc-backup@example.test", Name: "Backup service", Department: "IT operations"},
	} {
		s.addUser(u)
	}
	for _, login := range opts.Users {
		s.addUser(User{Login: login, Name: login})
	}
	for _, h := range []Host{
		{Name: "ws-17", OS: "Windows11", IP: "10.20.0.17", Risk: "Medium", Tags: []string{"finance"}},
		{Name: "ws-42", OS: "Windows11", IP: "10.20.0.42", Risk: "Low", Tags: []string{"sales"}},
		{Name: "mac-08", OS: "macOS", IP: "10.20.0.108", Risk: "None", Tags: []string{"engineering"}},
		{Name: "srv-web-1", OS: "Linux", IP: "10.10.0.11", Risk: "Low", Tags: []string{"production"}},
		{Name: "srv-db-2", OS: "WindowsServer2022", IP: "10.10.0.22", Risk: "High", Tags: []string{"production", "crown-jewel"}},
		{Name: "dc-01", OS: "WindowsServer2022", IP: "10.10.0.2", Risk: "None", Tags: []string{"domain-controller"}},
	} {
		s.addHost(h)
	}
	for i, name := range opts.Hosts {
		s.addHost(Host{Name: name, OS: "Windows11", IP: fmt.Sprintf("10.30.%d.%d", i/250, i%250+1), Risk: "None"})
	}
}

func (s *state) addUser(u User) {
	u.Login = strings.ToLower(u.Login)
	u.ID, u.Status = userID(u.Login), statusActive
	s.users[u.ID] = &u
}

func (s *state) addHost(h Host) {
	h.Name = strings.ToLower(h.Name)
	sum := sha1.Sum([]byte("picket sandbox host " + h.Name))
	h.ID = hex.EncodeToString(sum[:]) // machine ids of Defender have this form
	if h.Tags == nil {
		h.Tags = []string{}
	}
	s.hosts[h.ID] = &h
}

func userID(login string) string {
	sum := sha1.Sum([]byte("picket sandbox user " + login))
	return "00u" + hex.EncodeToString(sum[:])[:17]
}

// findUser takes an id, a login, or the login's part before the @ where only one account has it.
func (s *state) findUser(name string) *User {
	if u := s.users[name]; u != nil {
		return u
	}
	name = strings.ToLower(name)
	if u := s.users[userID(name)]; u != nil {
		return u
	}
	var found *User
	for _, u := range s.users {
		if short, _, _ := strings.Cut(u.Login, "@"); short == name {
			if found != nil {
				return nil
			}
			found = u
		}
	}
	return found
}

// findHost takes an id or a name.
func (s *state) findHost(name string) *Host {
	name = strings.ToLower(name)
	if h := s.hosts[name]; h != nil {
		return h
	}
	for _, h := range s.hosts {
		if h.Name == name {
			return h
		}
	}
	return nil
}

// record makes a call durable and then real; the caller holds mu and answers after it.
func (s *state) record(c Call) (Call, error) {
	if s.closed {
		return c, fmt.Errorf("the sandbox is closed")
	}
	c.Seq, c.At = len(s.calls)+1, s.now().UTC()
	if err := s.journal.append(c); err != nil {
		return c, err
	}
	s.apply(c)
	return c, nil
}

// apply is the only place where the world changes.
func (s *state) apply(c Call) {
	s.calls = append(s.calls, c)
	if c.Status >= 300 {
		return
	}
	switch c.Kind {
	case callCreateUser:
		s.addUser(User{Login: c.Name, Name: c.Comment})
	case callCreateHost:
		s.addHost(Host{Name: c.Name, OS: "Windows11", IP: "10.40.0.1", Risk: "None"})
	case callSuspend, callUnsuspend:
		if u := s.users[c.Target]; u != nil {
			u.Status, u.Changed = map[string]string{callSuspend: statusSuspended, callUnsuspend: statusActive}[c.Kind], c.At
		}
	case callIsolate, callUnisolate:
		if h := s.hosts[c.Target]; h != nil {
			h.Isolated, h.Changed = c.Kind == callIsolate, c.At
		}
	}
}

func (s *state) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return s.journal.file.Close()
}

// view is a copy of the world for readers.
type view struct {
	Sandbox string `json:"sandbox"`
	Users   []User `json:"users"`
	Hosts   []Host `json:"hosts"`
	Calls   int    `json:"calls"`
}

func (s *state) view() view {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := view{Sandbox: "Picket sandbox: a stand-in, no real accounts or hosts", Calls: len(s.calls), Users: []User{}, Hosts: []Host{}}
	for _, u := range s.users {
		v.Users = append(v.Users, *u)
	}
	for _, h := range s.hosts {
		v.Hosts = append(v.Hosts, *h)
	}
	sort.Slice(v.Users, func(i, j int) bool { return v.Users[i].Login < v.Users[j].Login })
	sort.Slice(v.Hosts, func(i, j int) bool { return v.Hosts[i].Name < v.Hosts[j].Name })
	return v
}
