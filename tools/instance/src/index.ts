export { pushBlob, pushImage, type PushedImage } from './image.ts';
export {
  configureLogs,
  installedLog,
  type InstalledLog,
  type LogKind,
  type LogSettings,
} from './installed-log.ts';
export { Instance, type ServiceName } from './instance.ts';
export { DEVELOPMENT_IDENTITY, LocalStack, type RekorVersion } from './local-stack.ts';
export { createEntryRequest, proposedEntry, type ArtifactSignature } from './log-requests.ts';
export { Precertificates } from './precertificates.ts';
export { freePorts, ROOT, run, start, startService, type Finished, type Started } from './processes.ts';
