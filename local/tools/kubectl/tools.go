//go:build tools

// Package tools pins kubectl.
package tools

import _ "k8s.io/kubernetes/cmd/kubectl"
