/**
 * What `listClusterUserCredential` of AKS returns for a cluster with Entra, as in
 * https://learn.microsoft.com/azure/aks/kubelogin-authentication; names and addresses are invented.
 */
export const entraKubeconfig = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: LS0tLS1CRUdJTg==
    server: https://aks-dns-0a1b2c3d.hcp.eastus.azmk8s.io:443
  name: aks
contexts:
- context:
    cluster: aks
    user: clusterUser_aks_aks
  name: aks
current-context: aks
kind: Config
preferences: {}
users:
- name: clusterUser_aks_aks
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - get-token
      - --environment
      - AzurePublicCloud
      - --server-id
      - 6dae42f8-4368-4678-94ff-3960e28e3630
      - --client-id
      - 80faf920-1908-4b52-b5ef-a8e7bedfc67a
      - --tenant-id
      - 72f988bf-86f1-41af-91ab-2d7cd011db47
      - --login
      - devicecode
      command: kubelogin
      env: null
      installHint: |2

        kubelogin is not installed which is required to connect to AAD enabled cluster.

        To learn more, please go to https://aka.ms/aks/kubelogin
      provideClusterInfo: false
`;
