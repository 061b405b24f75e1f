export { createGuardedFetch, type GuardedFetch } from './guarded-fetch.ts';
export { registryPattern, RegistryRules, type RegistryLists } from './registry-rules.ts';
