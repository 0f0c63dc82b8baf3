"""Checks requests to Azure against the specification of their API version.

Microsoft generates its Python SDK from the OpenAPI specifications: its models hold each property's name, type, limits and
allowed values, whether it is required or read-only, and the builders of requests the same of each parameter of the path.

Reads a JSON list of {"type", "name", "inputs"} (type and inputs of azure-native) from the file that is named, and prints a JSON
list of {"name", "apiVersion", "problems"}.
"""

import importlib
import inspect
import json
import re
import sys
from enum import Enum
from urllib.parse import parse_qs, urlparse

AKS = "azure.mgmt.containerservice"
NETWORK = "azure.mgmt.network"
STORAGE = "azure.mgmt.storage"
IDENTITIES = "azure.mgmt.msi.v2023_01_31"
ROLES = "azure.mgmt.authorization.v2022_04_01"

# For each type: package, module of its operations, builder of the request, model of the body.
TYPES = {
    "containerservice:ManagedCluster": (AKS, "_managed_clusters_operations", "build_create_or_update_request", "ManagedCluster"),
    "containerservice:AgentPool": (AKS, "_agent_pools_operations", "build_create_or_update_request", "AgentPool"),
    "containerservice:MaintenanceConfiguration": (
        AKS, "_maintenance_configurations_operations", "build_create_or_update_request", "MaintenanceConfiguration",
    ),
    "network:VirtualNetwork": (NETWORK, "_operations", "build_virtual_networks_create_or_update_request", "VirtualNetwork"),
    "network:Subnet": (NETWORK, "_operations", "build_subnets_create_or_update_request", "Subnet"),
    "managedidentity:UserAssignedIdentity": (
        IDENTITIES, "_user_assigned_identities_operations", "build_create_or_update_request", "Identity",
    ),
    "managedidentity:FederatedIdentityCredential": (
        IDENTITIES, "_federated_identity_credentials_operations", "build_create_or_update_request", "FederatedIdentityCredential",
    ),
    "authorization:RoleAssignment": (ROLES, "_role_assignments_operations", "build_create_request", "RoleAssignmentCreateParameters"),
    "storage:StorageAccount": (STORAGE, "_storage_accounts_operations", "build_create_request", "StorageAccountCreateParameters"),
    "storage:BlobContainer": (STORAGE, "_blob_containers_operations", "build_create_request", "BlobContainer"),
    "storage:BlobContainerImmutabilityPolicy": (
        STORAGE, "_blob_containers_operations", "build_create_or_update_immutability_policy_request", "ImmutabilityPolicy",
    ),
    "storage:BlobServiceProperties": (STORAGE, "_blob_services_operations", "build_set_service_properties_request", "BlobServiceProperties"),
    "storage:ManagementPolicy": (STORAGE, "_management_policies_operations", "build_create_or_update_request", "ManagementPolicy"),
}

SIMPLE = {"str": str, "bool": bool, "int": int, "float": (int, float), "object": object}


def snake(name):
    """`agentPoolName` as `agent_pool_name`."""
    return re.sub(r"(?<!^)(?=[A-Z][a-z])|(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def camel(name):
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


class Checker:
    def __init__(self, models):
        self.models = models
        self.problems = []

    def body(self, model, value, path):
        """A mapping against a model. Pulumi flattens `properties`, as the names of the model's attributes do."""
        if not isinstance(value, dict):
            self.problems.append(f"{path} is no mapping, which {model.__name__} is")
            return
        attributes = {}
        for name, spec in model._attribute_map.items():
            key = re.split(r"(?<!\\)\.", spec["key"])[-1].replace("\\.", ".")
            attributes[key] = attributes.setdefault(camel(name), (name, spec["type"]))
        for key, inner in value.items():
            if key not in attributes:
                self.problems.append(f"{path}.{key} is unknown to {model.__name__}")
                continue
            name, kind = attributes[key]
            limits = model._validation.get(name, {})
            if limits.get("readonly"):
                self.problems.append(f"{path}.{key} is read-only")
            self.value(kind, inner, f"{path}.{key}", limits, self.allowed(model, name))
        given = {attributes[key][0] for key in value if key in attributes}
        for name, limits in model._validation.items():
            if limits.get("required") and not limits.get("readonly") and not limits.get("constant") and name not in given:
                self.problems.append(f"{path}.{camel(name)} is missing")

    def allowed(self, model, name):
        """The values that the attribute's enumeration allows, if it has one."""
        parameter = inspect.signature(model.__init__).parameters.get(name)
        for found in re.findall(r"_models\.(\w+)", str(parameter.annotation) if parameter else ""):
            kind = getattr(self.models, found, None)
            if isinstance(kind, type) and issubclass(kind, Enum):
                return [member.value for member in kind]
        return None

    def value(self, kind, value, path, limits, allowed):
        if kind.startswith("["):
            if not isinstance(value, list):
                self.problems.append(f"{path} is no list")
                return
            for index, item in enumerate(value):
                self.value(kind[1:-1], item, f"{path}[{index}]", {}, allowed)
        elif kind.startswith("{"):
            for key, item in value.items():
                self.value(kind[1:-1], item, f"{path}.{key}", {}, allowed)
        elif kind in SIMPLE or not hasattr(self.models, kind):
            expected = SIMPLE.get(kind, str)
            if not isinstance(value, expected) or (isinstance(value, bool) and expected is int):
                self.problems.append(f"{path} is {value!r}, no {kind}")
                return
            self.limits(value, path, limits)
            if allowed is not None and value not in allowed:
                self.problems.append(f"{path} is {value!r}, and none of {', '.join(map(str, allowed))}")
        else:
            self.body(getattr(self.models, kind), value, path)

    def limits(self, value, path, limits):
        wrong = (
            ("pattern" in limits and not re.search(limits["pattern"], value))
            or ("minimum" in limits and value < limits["minimum"])
            or ("maximum" in limits and value > limits["maximum"])
            or ("min_length" in limits and len(value) < limits["min_length"])
            or ("max_length" in limits and len(value) > limits["max_length"])
        )
        if wrong:
            self.problems.append(f"{path} is {value!r}, outside of {limits}")


def check(resource):
    package, operations, builder, body = TYPES[resource["type"].removeprefix("azure-native:")]
    module = importlib.import_module(f"{package}.operations.{operations}")
    checker = Checker(importlib.import_module(f"{package}.models"))
    inputs = {key: value for key, value in resource["inputs"].items() if value is not None}
    identities = inputs.get("identity", {}).get("userAssignedIdentities")
    if isinstance(identities, list):
        # azure-native takes a list of what the API has as the keys of a mapping.
        inputs["identity"] = {**inputs["identity"], "userAssignedIdentities": {key: {} for key in identities}}
    # What is in the path of the request. azure-native makes up a name where the program gives none.
    path = {}
    for name, parameter in inspect.signature(getattr(module, builder)).parameters.items():
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            path[name] = "00000000-0000-0000-0000-000000000000" if name == "subscription_id" else None
    for key in [key for key in inputs if snake(key) in path]:
        path[snake(key)] = inputs.pop(key)
    # Some parts of a path have one value only, which the SDK fills in.
    source = inspect.getsource(getattr(module, builder))
    for key in [key for key, value in inputs.items() if f'{snake(key)}: Literal["{value}"]' in source]:
        del inputs[key]
    made_up = {name: f"{re.sub('[^a-z]', '', resource['name'])}1a2b3c4d" for name, value in path.items() if value is None}
    module._SERIALIZER.url = lambda name, value, kind, **limits: checker.limits(value, f"path.{name}", limits) or value
    request = getattr(module, builder)(**{**path, **made_up})
    api_version = parse_qs(urlparse(request.url).query)["api-version"][0]
    checker.body(getattr(checker.models, body), inputs, resource["name"])
    return {"name": resource["name"], "type": resource["type"], "apiVersion": api_version, "problems": checker.problems}


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as requests:
        json.dump([check(resource) for resource in json.load(requests)], sys.stdout)
