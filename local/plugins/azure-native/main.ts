import { EchoPlugin } from "../echo/plugin";
import { serve } from "../server";
import { standInVersion } from "../version";
import { azureNative } from "./azureNative";

void serve(new EchoPlugin(standInVersion("@pulumi/azure-native"), azureNative));
