import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Unknown, type Properties } from "../../../policies/core/values";
import { noPlainSecrets } from "../../../policies/safety/noPlainSecrets";
import { noPublicStorage } from "../../../policies/safety/noPublicStorage";
import { isPinned, pinnedImages } from "../../../policies/safety/pinnedImages";
import { probesSet } from "../../../policies/safety/probesSet";
import { protectedStorage } from "../../../policies/safety/protectedStorage";
import { requiredTags } from "../../../policies/safety/requiredTags";
import { resourcesSet } from "../../../policies/safety/resourcesSet";
import { restrictedPods } from "../../../policies/safety/restrictedPods";
import {
  checkResource,
  container,
  deployment,
  goodSpec,
  podSecurity,
  resource,
  securityContext,
  withContainer,
} from "./support";

const podPolicies = [noPlainSecrets, pinnedImages, probesSet, resourcesSet, restrictedPods];

describe("pod policies", () => {
  test("a pod that keeps to all of them passes all of them", () => {
    for (const policy of podPolicies)
      assert.deepEqual(checkResource(policy, deployment(goodSpec)), [], policy.name);
  });

  test("containers that are unknown at preview do not pass", () => {
    for (const policy of podPolicies) {
      const path = "spec.template.spec.containers";
      for (const spec of [
        new Unknown(path),
        { containers: new Unknown(path) },
        { initContainers: new Unknown(path) },
      ]) {
        const messages = checkResource(policy, deployment(spec as Properties));
        assert.equal(messages.length, 1, policy.name);
        assert.match(messages[0] ?? "", /spec\.template\.spec\.containers is unknown at preview/);
      }
    }
  });

  test("pods of a CronJob are checked too", () => {
    const spec = { ...goodSpec, hostNetwork: true };
    const cronJob = resource("kubernetes:batch/v1:CronJob", "job", {
      spec: { jobTemplate: { spec: { template: { spec } } } },
    });
    assert.match(checkResource(restrictedPods, cronJob)[0] ?? "", /hostNetwork is set/);
  });

  test("resources of other types are none of their business", () => {
    const other = resource("kubernetes:core/v1:Namespace", "n", {});
    for (const policy of podPolicies) assert.deepEqual(checkResource(policy, other), []);
  });
});

describe("restricted-pods", () => {
  const cases: [string, Properties, RegExp][] = [
    ["root allowed", { ...goodSpec, securityContext: {} }, /runAsNonRoot must be true/],
    ["user 0", { ...goodSpec, securityContext: { ...podSecurity, runAsUser: 0 } }, /runAsUser must not be 0/],
    ["no seccomp", { ...goodSpec, securityContext: { runAsNonRoot: true } }, /seccompProfile\.type/],
    ["hostPID", { ...goodSpec, hostPID: true }, /hostPID is set/],
    [
      "hostPath",
      { ...goodSpec, volumes: [{ name: "v", hostPath: { path: "/" } }] },
      /«v» is of type hostPath/,
    ],
    [
      "host port",
      withContainer({ ports: [{ containerPort: 80, hostPort: 80 }] }),
      /must not have a hostPort/,
    ],
    [
      "privileged",
      withContainer({ securityContext: { ...securityContext, privileged: true } }),
      /privileged/,
    ],
    [
      "escalation",
      withContainer({ securityContext: { capabilities: { drop: ["ALL"] } } }),
      /PrivilegeEscalation/,
    ],
    [
      "capabilities kept",
      withContainer({ securityContext: { allowPrivilegeEscalation: false } }),
      /drop must hold "ALL"/,
    ],
    [
      "capability added",
      withContainer({
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] },
        },
      }),
      /may hold NET_BIND_SERVICE only/,
    ],
    [
      "a sidecar as root",
      { ...goodSpec, initContainers: [{ ...container, name: "log", securityContext: { runAsUser: 0 } }] },
      /«log».*runAsUser/,
    ],
  ];
  for (const [name, spec, message] of cases) {
    test(name, () => assert.match(checkResource(restrictedPods, deployment(spec)).join("\n"), message));
  }

  test("binding low ports is allowed", () => {
    const add = { ...securityContext, capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } };
    assert.deepEqual(checkResource(restrictedPods, deployment(withContainer({ securityContext: add }))), []);
  });
});

describe("resources-set", () => {
  test("names what is missing", () => {
    const spec = withContainer({ resources: { requests: { cpu: "1" }, limits: { memory: "1Gi" } } });
    assert.deepEqual(checkResource(resourcesSet, deployment(spec)), [
      'Container «app»: resources.requests.memory is missing: set it, e.g. "256Mi".',
    ]);
  });
});

describe("probes-set", () => {
  test("a main container without a probe does not pass", () => {
    const spec = withContainer({ livenessProbe: undefined });
    assert.match(checkResource(probesSet, deployment(spec)).join(), /«app»: livenessProbe is missing/);
  });

  test("sidecars and Jobs need none", () => {
    const bare = { name: "log", restartPolicy: "Always" };
    assert.deepEqual(checkResource(probesSet, deployment({ ...goodSpec, initContainers: [bare] })), []);
    const job = resource("kubernetes:batch/v1:Job", "j", {
      spec: { template: { spec: { containers: [bare] } } },
    });
    assert.deepEqual(checkResource(probesSet, job), []);
  });
});

describe("pinned-images", () => {
  test("a digest or a version is pinned, anything else moves", () => {
    for (const image of ["app:1.4.2", "localhost:5000/app:v2", `app@sha256:${"a".repeat(64)}`]) {
      assert.equal(isPinned(image), true, image);
    }
    for (const image of [
      "app",
      "app:latest",
      "app:stable",
      "app:latest-py3",
      "app:3.12-latest",
      "app:stable_2",
      "localhost:5000/app",
      "app@sha256:abc",
    ]) {
      assert.equal(isPinned(image), false, image);
    }
  });

  test("an image that is built in the same update is judged when it is known", () => {
    assert.deepEqual(
      checkResource(pinnedImages, deployment(withContainer({ image: new Unknown("image") }))),
      [],
    );
  });
});

describe("protected-storage", () => {
  const claims = { volumeClaimTemplates: [{ spec: {} }] };
  const set = (spec: Properties, protect: boolean) =>
    resource("kubernetes:apps/v1:StatefulSet", "db", { spec }, { protect });

  test("what holds data must be protected", () => {
    const claim = resource("kubernetes:core/v1:PersistentVolumeClaim", "backup", {});
    assert.match(checkResource(protectedStorage, claim).join(), /«backup» holds data and is not protected/);
    assert.deepEqual(checkResource(protectedStorage, { ...claim, protect: true }), []);
    assert.match(checkResource(protectedStorage, set(claims, false)).join(), /«db» holds data/);
    assert.deepEqual(checkResource(protectedStorage, set(claims, true)), []);
    assert.deepEqual(checkResource(protectedStorage, set({}, false)), []);
  });

  test("a StatefulSet that deletes its volumes does not pass, protected or not", () => {
    for (const whenDeleted of ["Delete", new Unknown("whenDeleted")]) {
      const spec = { ...claims, persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled: "Retain" } };
      assert.match(
        checkResource(protectedStorage, set(spec, true)).join(),
        /deletes its volumes .*whenDeleted/,
      );
    }
  });
});

describe("no-public-storage", () => {
  const safe = {
    ...{ allowBlobPublicAccess: false, publicNetworkAccess: "Disabled", minimumTlsVersion: "TLS1_2" },
    enableHttpsTrafficOnly: true,
  };
  const account = (change: Properties) =>
    checkResource(
      noPublicStorage,
      resource("azure-native:storage:StorageAccount", "s", { ...safe, ...change }),
    );

  test("a closed account passes, and each open door is named", () => {
    assert.deepEqual(account({}), []);
    assert.deepEqual(
      account({ publicNetworkAccess: "Enabled", networkRuleSet: { defaultAction: "Deny" } }),
      [],
    );
    const open = { publicNetworkAccess: "Enabled", networkRuleSet: { defaultAction: "Allow" } };
    assert.match(account(open).join(), /defaultAction "Deny"/);
    const unknown = { publicNetworkAccess: "Enabled", networkRuleSet: new Unknown("networkRuleSet") };
    assert.deepEqual(account(unknown), [], "a subnet in it is not known before the update");
    assert.match(account({ allowBlobPublicAccess: undefined }).join(), /allowBlobPublicAccess must be false/);
    assert.match(
      account({ allowBlobPublicAccess: new Unknown("a") }).join(),
      /allowBlobPublicAccess must be false/,
    );
    assert.match(
      account({ publicNetworkAccess: "Enabled" }).join(),
      /publicNetworkAccess must be "Disabled"/,
    );
    assert.match(account({ minimumTlsVersion: "TLS1_0" }).join(), /minimumTlsVersion/);
    assert.match(account({ enableHttpsTrafficOnly: false }).join(), /enableHttpsTrafficOnly/);
  });

  test("a public container does not pass", () => {
    const check = (publicAccess: string | undefined) =>
      checkResource(noPublicStorage, resource("azure-native:storage:BlobContainer", "c", { publicAccess }));
    assert.match(check("Blob").join(), /publicAccess is «Blob»/);
    assert.deepEqual(check("None"), []);
    assert.deepEqual(check(undefined), []);
  });
});

describe("required-tags", () => {
  const tags = { project: "p", environment: "dev", owner: "o", "cost-center": "1" };
  const group = (value: Properties) =>
    checkResource(requiredTags, resource("azure-native:resources:ResourceGroup", "g", { tags: value }));

  test("all tags, none empty", () => {
    assert.deepEqual(group(tags), []);
    assert.deepEqual(group({ ...tags, owner: new Unknown("tags.owner") }), []);
    assert.match(group({ ...tags, owner: " " }).join(), /lacks the tags owner:/);
    assert.match(group({}).join(), /lacks the tags project, environment, owner, cost-center/);
  });

  test("types without tags are left alone", () => {
    assert.deepEqual(checkResource(requiredTags, resource("azure-native:network:Subnet", "s", {})), []);
  });
});
