// Package download fetches models from where a URL says. It is apart from
// smithy/project, so that what reads a configuration links no HTTP.
package download

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

const maxSize = 8 << 20 // bytes of one model

// Model gives what is at an http or https URL, of at most 8 MiB. ctx bounds how long that takes.
func Model(ctx context.Context, at *url.URL) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", at, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("fetching a model: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetching %s: the server answers %s", at, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxSize+1))
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", at, err)
	}
	if len(data) > maxSize {
		return nil, fmt.Errorf("fetching %s: it is more than %d bytes", at, maxSize)
	}
	return data, nil
}
