//go:build tools

// Package tools pins telegraf. A `tool` line would resolve every plugin; the build tags need only a few.
package tools

import _ "github.com/influxdata/telegraf/cmd/telegraf"
