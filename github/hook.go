package github

import "context"

// HookConfig is where and how GitHub delivers the App's webhooks.
type HookConfig struct {
	URL         string // "": none is set
	ContentType string // json or form
	HasSecret   bool   // GitHub does not show it
	Insecure    bool   // GitHub does not check the server's certificate
}

// HookConfig asks GitHub where it delivers webhooks. An App whose webhook was never active has none, which is [ErrNotFound].
func (a *App) HookConfig(ctx context.Context) (HookConfig, error) {
	var c struct {
		URL         string `json:"url"`
		ContentType string `json:"content_type"`
		Secret      string `json:"secret"`
		InsecureSSL any    `json:"insecure_ssl"` // "1" or 1
	}
	if _, err := a.calls.get(ctx, "read webhook configuration", "app/hook/config", "", &c); err != nil {
		return HookConfig{}, err
	}
	return HookConfig{
		URL: c.URL, ContentType: c.ContentType, HasSecret: c.Secret != "", Insecure: c.InsecureSSL == "1" || c.InsecureSSL == float64(1),
	}, nil
}
