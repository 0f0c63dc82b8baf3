import { serve } from "../server";
import { standInVersion } from "../version";
import { RandomPlugin } from "./plugin";

void serve(new RandomPlugin(standInVersion("@pulumi/random")));
