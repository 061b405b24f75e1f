export { askCredentialHelper, type HelperEnvironment } from './credential-helper.ts';
export { helperFor, parseDockerConfig, storedCredentials, type DockerConfig } from './docker-config.ts';
export { createGuardedFetch, type GuardedFetch } from './guarded-fetch.ts';
export { registryCredentials, type CredentialPlaces } from './registry-credentials.ts';
export { registryPattern, RegistryRules, type RegistryLists } from './registry-rules.ts';
