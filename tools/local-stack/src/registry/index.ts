export { createDevelopmentRegistry, type DevelopmentRegistryOptions } from './create-registry.ts';
