import { PolicyPack } from "@pulumi/policy";
import { exemptionReport } from "./core/exemptionReport";
import { noPlainSecrets } from "./safety/noPlainSecrets";
import { noPublicStorage } from "./safety/noPublicStorage";
import { pinnedImages } from "./safety/pinnedImages";
import { probesSet } from "./safety/probesSet";
import { protectedStorage } from "./safety/protectedStorage";
import { requiredTags } from "./safety/requiredTags";
import { resourcesSet } from "./safety/resourcesSet";
import { restrictedPods } from "./safety/restrictedPods";

new PolicyPack("ds-monitoring", {
  enforcementLevel: "mandatory",
  policies: [
    noPlainSecrets,
    noPublicStorage,
    pinnedImages,
    probesSet,
    protectedStorage,
    requiredTags,
    resourcesSet,
    restrictedPods,
    exemptionReport,
  ],
});
