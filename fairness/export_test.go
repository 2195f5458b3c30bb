package fairness

// DecideProxy is Proxy without figures.
func DecideProxy(t *Table, r ProxyRule) (ProxyReport, error) {
	out, _, err := proxies(t, r)
	return out, err
}
