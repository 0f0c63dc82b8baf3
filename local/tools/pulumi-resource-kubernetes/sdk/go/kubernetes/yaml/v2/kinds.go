// Package v2 is that of Pulumi's SDK for Go, but for this file: the original declares a Go type for each kind of
// resource, and compiling them takes longer than the rest of the plugin. Here one type serves all kinds.
package v2

import (
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// RegisterResource declares a resource of a manifest or chart. It is used for components that the plugin itself
// unfolds (ConfigFile, ConfigGroup, Chart, Directory).
func RegisterResource(ctx *pulumi.Context, apiVersion, kind, name string, props pulumi.Input,
	opts ...pulumi.ResourceOption) (pulumi.CustomResource, error) {
	var resource pulumi.CustomResourceState
	token := fmt.Sprintf("kubernetes:%s:%s", apiVersion, kind)
	if err := ctx.RegisterResource(token, name, props, &resource, opts...); err != nil {
		return nil, err
	}
	return &resource, nil
}
