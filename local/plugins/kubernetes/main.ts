import { serve } from "../server";
import { standInVersion } from "../version";
import { KubernetesPlugin } from "./plugin";

void serve(new KubernetesPlugin(standInVersion("@pulumi/kubernetes")));
