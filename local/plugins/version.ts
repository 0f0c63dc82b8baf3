import { devDependencies } from "../../package.json";

/**
 * The version that a stand-in reports: that of the SDK it serves, marked in its build metadata so
 * that nobody takes it for the real plugin, yet the engine finds it recent enough.
 */
export function standInVersion(sdk: keyof typeof devDependencies): string {
  return `${devDependencies[sdk]}+stand-in`;
}
