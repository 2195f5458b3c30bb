//go:build !race

package accounting_test

const slow = 1
