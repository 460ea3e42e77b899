package app

import (
	"go.temporal.io/sdk/client"

	"picket/internal/store"
)

// Temporal is the instance's client.
func (a *App) Temporal() client.Client { return a.temporal }

// Store is the instance's database.
func (a *App) Store() *store.Store { return a.store }
