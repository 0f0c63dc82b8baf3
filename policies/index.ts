import { PolicyPack } from "@pulumi/policy";
import { exemptionReport } from "./core/exemptionReport";
import { allowedVmSizes } from "./cost/allowedVmSizes";
import { componentBudget } from "./cost/componentBudget";
import { diskLimits } from "./cost/diskLimits";
import { nodeCeiling } from "./cost/nodeCeiling";
import { priceAge } from "./cost/priceAge";
import { publicEndpoints } from "./cost/publicEndpoints";
import { retentionLimits } from "./cost/retentionLimits";
import { stackBudget } from "./cost/stackBudget";
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
    allowedVmSizes,
    componentBudget,
    diskLimits,
    nodeCeiling,
    noPlainSecrets,
    noPublicStorage,
    pinnedImages,
    priceAge,
    probesSet,
    protectedStorage,
    publicEndpoints,
    requiredTags,
    resourcesSet,
    restrictedPods,
    retentionLimits,
    stackBudget,
    // Reports what the others let pass, so it comes last.
    exemptionReport,
  ],
});
