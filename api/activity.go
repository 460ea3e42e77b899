package api

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"picket/internal/store"
)

// activity counts what happened on each of the last days.
func (s *Server) activity(c *gin.Context) {
	days, err := strconv.Atoi(c.DefaultQuery("days", "14"))
	if err != nil || days < 1 || days > store.MaxActivityDays {
		s.problem(c, http.StatusUnprocessableEntity, fmt.Sprintf("days is from 1 to %d", store.MaxActivityDays))
		return
	}
	list, err := s.Reader.Activity(c.Request.Context(), days)
	if err != nil {
		s.fail(c, err)
		return
	}
	answer(c, http.StatusOK, page(list, ""))
}
