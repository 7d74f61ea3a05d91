package download

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestTooMuchIsRefused(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		block := make([]byte, 1<<20)
		for range maxSize>>20 + 1 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}))
	defer srv.Close()
	at, err := url.Parse(srv.URL + "/x.smithy")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Model(t.Context(), at); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}
