import type { input as inputs } from "@pulumi/kubernetes/types";
import * as pulumi from "@pulumi/pulumi";
import { checked } from "../kubernetes/checked";
import { fromSecret } from "../kubernetes/environment";

/** Sign-in to Grafana with Microsoft Entra ID (OpenID Connect), in place of the user `admin` and its password. */
export interface GrafanaEntraArgs {
  /** Id of the directory, a GUID; nobody of another one gets in. */
  tenantId: pulumi.Input<string>;
  /** Client id of the app registration, a GUID. Its redirect URI is Grafana's URL with `/login/azuread` behind it. */
  clientId: pulumi.Input<string>;
  /** Client secret of the app registration. Secret. */
  clientSecret: pulumi.Input<string>;
  /** Who has which role in Grafana. Who is in none of the groups can't sign in. */
  groups: GrafanaGroupsArgs;
}

/** Object ids (GUIDs) of groups of Entra ID by the role of their members, who have the highest of several. */
export interface GrafanaGroupsArgs {
  /** Groups whose members may change everything. */
  admin: string[];
  /**
   * Groups whose members may change dashboards.
   * @default []
   */
  editor?: string[];
  /**
   * Groups whose members may look at dashboards; `*` for everyone in the directory.
   * @default []
   */
  viewer?: string[];
}

/** Key of the client secret among Grafana's credentials. */
const secretKey = "entraClientSecret";

/** What {@link GrafanaEntraArgs} adds to Grafana's Secret. */
export function entraSecret(entra: GrafanaEntraArgs | undefined): Record<string, pulumi.Input<string>> {
  return entra === undefined ? {} : { [secretKey]: pulumi.secret(entra.clientSecret) };
}

/**
 * The settings as environment variables: people sign in with Entra ID, and in no other way.
 *
 * Sources: grafana.com/docs/grafana/v13.2/setup-grafana/configure-access/configure-authentication/entraid, and
 * pkg/login/social/connectors/azuread_oauth.go for the roles: the groups of the ID token pass `org_mapping`.
 *
 * @throws Error when a group is named by something else than its object id
 */
export function entraVariables(
  entra: GrafanaEntraArgs,
  secretName: pulumi.Input<string>,
): inputs.core.v1.EnvVar[] {
  const tenantId = checked(entra.tenantId, (id) => requireGuid("tenantId", id));
  const login = pulumi.interpolate`https://login.microsoftonline.com/${tenantId}/oauth2/v2.0`;
  const settings: Record<string, pulumi.Input<string>> = {
    GF_AUTH_AZUREAD_ENABLED: "true",
    GF_AUTH_AZUREAD_NAME: "Microsoft Entra ID",
    GF_AUTH_AZUREAD_ALLOW_SIGN_UP: "true",
    GF_AUTH_AZUREAD_CLIENT_AUTHENTICATION: "client_secret_post",
    GF_AUTH_AZUREAD_CLIENT_ID: checked(entra.clientId, (id) => requireGuid("clientId", id)),
    GF_AUTH_AZUREAD_SCOPES: "openid email profile",
    GF_AUTH_AZUREAD_AUTH_URL: pulumi.interpolate`${login}/authorize`,
    GF_AUTH_AZUREAD_TOKEN_URL: pulumi.interpolate`${login}/token`,
    GF_AUTH_AZUREAD_ALLOWED_ORGANIZATIONS: tenantId,
    GF_AUTH_AZUREAD_ORG_MAPPING: roleMapping(entra.groups),
    // Without a role from a group: no sign-in, where Grafana would else make a viewer.
    GF_AUTH_AZUREAD_ROLE_ATTRIBUTE_STRICT: "true",
    GF_AUTH_AZUREAD_USE_PKCE: "true",
    // No user with a password: no form, no basic authentication, no `admin`.
    GF_AUTH_DISABLE_LOGIN_FORM: "true",
    GF_AUTH_BASIC_ENABLED: "false",
    GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION: "true",
  };
  return [
    ...Object.entries(settings).map(([name, value]) => ({ name, value })),
    fromSecret("GF_AUTH_AZUREAD_CLIENT_SECRET", secretName, secretKey),
  ];
}

/** `GROUP:1:Role` of each group, where 1 is the only organization of Grafana; pure. */
export function roleMapping({ admin, editor = [], viewer = [] }: GrafanaGroupsArgs): string {
  if (admin.length === 0) {
    throw new Error(
      "Grafana: entra.groups.admin is empty, and the password of admin is off: name the group of its administrators",
    );
  }
  const roles = { Admin: admin, Editor: editor, Viewer: viewer };
  return Object.entries(roles)
    .flatMap(([role, groups]) =>
      groups.map((group) => {
        if (group !== "*" || role !== "Viewer") requireGuid(`groups.${role.toLowerCase()}`, group);
        return `${group}:1:${role}`;
      }),
    )
    .join(" ");
}

function requireGuid(argument: string, value: string): void {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) return;
  throw new Error(
    `Grafana: entra.${argument} has "${value}": it must be an id of Entra ID, e.g. "11111111-2222-3333-4444-555555555555"`,
  );
}
