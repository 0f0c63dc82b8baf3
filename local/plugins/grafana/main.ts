import { EchoPlugin } from "../echo/plugin";
import { serve } from "../server";
import { standInVersion } from "../version";
import { grafana } from "./grafana";

void serve(new EchoPlugin(standInVersion("@lbrlabs/pulumi-grafana"), grafana));
