// Places folders, data sources and dashboards into the Grafana at the URL of the first argument, signed in by the token
// GRAFANA_AUTH, with Grafana's own client, which is generated from the description of its API. The file of the second
// argument is a list of resources as @lbrlabs/pulumi-grafana has them; each becomes the request that the Terraform provider
// makes of it (internal/resources/grafana/resource_{folder,data_source,dashboard}.go of grafana/terraform-provider-grafana).
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"os"

	"github.com/go-openapi/runtime"
	http "github.com/go-openapi/runtime/client"
	"github.com/go-openapi/strfmt"
	"github.com/grafana/grafana-openapi-client-go/client/dashboards"
	"github.com/grafana/grafana-openapi-client-go/client/datasources"
	"github.com/grafana/grafana-openapi-client-go/client/folders"
	"github.com/grafana/grafana-openapi-client-go/models"
)

type resource struct {
	Type   string
	Inputs json.RawMessage
}

type folder struct{ Title, UID string }

type dataSource struct {
	Name, Type, URL, UID, AccessMode       string
	JSONDataEncoded, SecureJSONDataEncoded string
	BasicAuthEnabled                       bool
	BasicAuthUsername                      string
	HTTPHeaders                            map[string]string
}

type dashboard struct {
	ConfigJSON, Folder string
	Overwrite          bool
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: grafana-api-client URL FILE")
		os.Exit(2)
	}
	if err := place(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func place(address, file string) error {
	grafana, err := url.Parse(address)
	if err != nil {
		return err
	}
	transport := http.New(grafana.Host, "/api", []string{grafana.Scheme})
	transport.DefaultAuthentication = http.BearerToken(os.Getenv("GRAFANA_AUTH"))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var resources []resource
	if err := json.Unmarshal(text, &resources); err != nil {
		return err
	}
	for _, one := range resources {
		if err := request(transport, one); err != nil {
			return fmt.Errorf("%s: %w", one.Type, err)
		}
	}
	return nil
}

func request(transport runtime.ClientTransport, one resource) error {
	switch one.Type {
	case "grafana:index/folder:Folder":
		var inputs folder
		if err := decode(one.Inputs, &inputs); err != nil {
			return err
		}
		_, err := folders.New(transport, strfmt.Default).CreateFolder(
			&models.CreateFolderCommand{Title: inputs.Title, UID: inputs.UID})
		return err
	case "grafana:index/dataSource:DataSource":
		var inputs dataSource
		if err := decode(one.Inputs, &inputs); err != nil {
			return err
		}
		command, err := addDataSource(inputs)
		if err != nil {
			return err
		}
		_, err = datasources.New(transport, strfmt.Default).AddDataSource(command)
		return err
	case "grafana:index/dashboard:Dashboard":
		var inputs dashboard
		if err := decode(one.Inputs, &inputs); err != nil {
			return err
		}
		model := map[string]any{}
		if err := json.Unmarshal([]byte(inputs.ConfigJSON), &model); err != nil {
			return err
		}
		delete(model, "id")
		_, err := dashboards.New(transport, strfmt.Default).PostDashboard(&models.SaveDashboardCommand{
			Dashboard: model, FolderUID: inputs.Folder, Overwrite: inputs.Overwrite})
		return err
	}
	return fmt.Errorf("not a resource of GrafanaContent")
}

func addDataSource(inputs dataSource) (*models.AddDataSourceCommand, error) {
	settings, secrets := map[string]any{}, map[string]string{}
	if err := json.Unmarshal([]byte(inputs.JSONDataEncoded), &settings); err != nil {
		return nil, err
	}
	if inputs.SecureJSONDataEncoded != "" {
		if err := json.Unmarshal([]byte(inputs.SecureJSONDataEncoded), &secrets); err != nil {
			return nil, err
		}
	}
	number := 1
	for name, value := range inputs.HTTPHeaders {
		settings[fmt.Sprintf("httpHeaderName%d", number)] = name
		secrets[fmt.Sprintf("httpHeaderValue%d", number)] = value
		number++
	}
	command := &models.AddDataSourceCommand{
		Name: inputs.Name, Type: inputs.Type, URL: inputs.URL, UID: inputs.UID, Access: models.DsAccess(inputs.AccessMode),
		BasicAuth: inputs.BasicAuthEnabled, BasicAuthUser: inputs.BasicAuthUsername,
		JSONData: settings, SecureJSONData: secrets,
	}
	return command, command.Validate(strfmt.Default)
}

// Refuses arguments that this program does not pass on.
func decode(text json.RawMessage, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}
