/** How registries are spoken to, as commander has it. The names are cosign's. */
export interface RegistryOptions {
  readonly allowHttpRegistry?: boolean;
  readonly allowInsecureRegistry?: boolean;
  readonly registryUsername?: string;
  readonly registryPassword?: string;
  readonly registryToken?: string;
  readonly registryCacert?: string;
  readonly registryClientCert?: string;
  readonly registryClientKey?: string;
  readonly registryServerName?: string;
}
