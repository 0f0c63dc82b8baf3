#!/bin/sh
# What has to be there before the stacks dev and prod can go to Azure; docs/azure.md says it step by step. It may be run
# again: what exists is used. It needs az (signed in as Owner of the subscription), gh, pulumi and npx, and asks nothing.
#
#   LOCATION=eastus PREFIX=acme REPOSITORY=acme/churn-monitoring sh scripts/azureSetup.sh
set -eu

: "${LOCATION:?an Azure region, e.g. eastus}"
: "${PREFIX:?4 to 11 lower-case letters and digits that nobody else uses, e.g. acmeml}"
: "${REPOSITORY:?the repository at GitHub, OWNER/NAME}"
group="$PREFIX-shared"
account="${PREFIX}state"
vault="$PREFIX-state"
registry="${PREFIX}images"

# 1. The subscription: resource providers, and the quota of vCPUs (docs/azure.md says how many dev and prod need).
subscription=$(az account show --query id --output tsv)
tenant=$(az account show --query tenantId --output tsv)
for namespace in ContainerService Network Storage ManagedIdentity KeyVault ContainerRegistry; do
  az provider register --namespace "Microsoft.$namespace" --wait
done
az vm list-usage --location "$LOCATION" --output table \
  --query "[?name.value=='cores' || name.value=='standardDSv5Family' || name.value=='lowPriorityCores']"

# 2. The state: a storage account that keeps versions, and a key that encrypts the stacks' secrets.
az group create --name "$group" --location "$LOCATION" --output none
az storage account create --name "$account" --resource-group "$group" --location "$LOCATION" --sku Standard_ZRS \
  --min-tls-version TLS1_2 --allow-blob-public-access false --allow-shared-key-access false --output none
az storage account blob-service-properties update --account-name "$account" --resource-group "$group" \
  --enable-versioning true --enable-delete-retention true --delete-retention-days 30 --output none
az storage container-rm create --name state --storage-account "$account" --resource-group "$group" --output none
az keyvault show --name "$vault" --output none 2>/dev/null || az keyvault create --name "$vault" \
  --resource-group "$group" --location "$LOCATION" --enable-rbac-authorization true --enable-purge-protection true \
  --output none
state=$(az storage account show --name "$account" --resource-group "$group" --query id --output tsv)
secrets=$(az keyvault show --name "$vault" --query id --output tsv)
me=$(az ad signed-in-user show --query id --output tsv)
az role assignment create --role "Storage Blob Data Contributor" --scope "$state" \
  --assignee-object-id "$me" --assignee-principal-type User --output none
az role assignment create --role "Key Vault Crypto Officer" --scope "$secrets" \
  --assignee-object-id "$me" --assignee-principal-type User --output none
# A new role takes some minutes to be in force.
tries=0
until az keyvault key show --vault-name "$vault" --name pulumi --output none 2>/dev/null ||
  az keyvault key create --vault-name "$vault" --name pulumi --kty RSA --size 3072 --ops encrypt decrypt --output none; do
  tries=$((tries + 1))
  [ "$tries" -lt 20 ] || { echo "the role Key Vault Crypto Officer on $vault is still not in force: run this again" >&2; exit 1; }
  sleep 30
done

# 3. The registry, with every image of the platform; monitoring.imageRegistry names it, cluster.deploy.registryId lets nodes pull.
az acr create --name "$registry" --resource-group "$group" --location "$LOCATION" --sku Standard --output none
npx ds-monitoring images | while read -r image; do
  name=${image#docker.io/}
  az acr import --name "$registry" --source "$image" --image "${name#library/}" --force
done

# 4. Identities: each environment of GitHub has an app registration of its own, and no secret. Those of previews and of the
# nightly drift may read: in Azure, and what is in Kubernetes.
reader='{
  "Name": "ds-monitoring reader of '$PREFIX'", "IsCustom": true,
  "Description": "Reads resources, and the objects in AKS clusters",
  "Actions": ["*/read", "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action"],
  "DataActions": ["Microsoft.ContainerService/managedClusters/*/read"],
  "AssignableScopes": ["/subscriptions/'$subscription'"]
}'
[ -n "$(az role definition list --name "ds-monitoring reader of $PREFIX" --query "[].id" --output tsv)" ] ||
  az role definition create --role-definition "$reader" --output none

grant() { # ROLE SCOPE OBJECT_ID
  az role assignment create --role "$1" --scope "$2" --assignee-object-id "$3" \
    --assignee-principal-type ServicePrincipal --output none
}
for environment in dev prod dev-preview prod-preview dev-drift prod-drift; do
  name="$PREFIX-$environment"
  client=$(az ad app list --filter "displayName eq '$name'" --query "[0].appId" --output tsv)
  if [ -z "$client" ]; then
    client=$(az ad app create --display-name "$name" --sign-in-audience AzureADMyOrg --query appId --output tsv)
    az ad sp create --id "$client" --output none
    az ad app federated-credential create --id "$client" --output none --parameters '{
      "name": "github", "issuer": "https://token.actions.githubusercontent.com",
      "subject": "repo:'"$REPOSITORY"':environment:'"$environment"'", "audiences": ["api://AzureADTokenExchange"]
    }'
  fi
  principal=$(az ad sp show --id "$client" --query id --output tsv)
  case $environment in
    *-preview | *-drift)
      grant "ds-monitoring reader of $PREFIX" "/subscriptions/$subscription" "$principal"
      grant "Storage Blob Data Reader" "$state" "$principal"
      ;;
    *)
      grant Contributor "/subscriptions/$subscription" "$principal"
      grant "Role Based Access Control Administrator" "/subscriptions/$subscription" "$principal"
      grant "Storage Blob Data Contributor" "$state" "$principal"
      echo "cluster.deploy.entra.deployerObjectIds of $environment: $principal"
      ;;
  esac
  grant "Key Vault Crypto User" "$secrets" "$principal"

  # 5. The environment at GitHub. dev and prod take only what is on a protected branch.
  case $environment in
    dev | prod) echo '{"deployment_branch_policy":{"protected_branches":true,"custom_branch_policies":false}}' ;;
    *) echo '{}' ;;
  esac | gh api --method PUT "repos/$REPOSITORY/environments/$environment" --silent --input -
  for variable in "AZURE_CLIENT_ID=$client" "AZURE_TENANT_ID=$tenant" "AZURE_SUBSCRIPTION_ID=$subscription" \
    "PULUMI_BACKEND_URL=azblob://state?storage_account=$account"; do
    gh variable set "${variable%%=*}" --body "${variable#*=}" --env "$environment" --repo "$REPOSITORY"
  done
done

# 6. Both stacks, before the workflows are switched on: a preview may not write the state. It writes the encrypted key into
# Pulumi.dev.yaml and Pulumi.prod.yaml: commit both.
export AZURE_KEYVAULT_AUTH_VIA_CLI=true
pulumi login "azblob://state?storage_account=$account"
for stack in dev prod; do
  pulumi stack select "$stack" 2>/dev/null ||
    pulumi stack init "$stack" --secrets-provider "azurekeyvault://$vault.vault.azure.net/keys/pulumi"
done
echo "imageRegistry: $registry.azurecr.io"
echo "registryId: $(az acr show --name "$registry" --query id --output tsv)"
echo "When both files are committed, switch the workflows on: gh variable set AZURE_READY --body true --repo $REPOSITORY"
