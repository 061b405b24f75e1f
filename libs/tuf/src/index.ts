export { type Fetch, type Mirror } from './download.ts';
export { TufError, type TufErrorCode } from './errors.ts';
export type { Role } from './metadata.ts';
export {
  MAX_FILE_BYTES,
  Repository,
  type Expiry,
  type ReleaseState,
  type RepositoryState,
  type WantedFiles,
} from './repository.ts';
