export { performCeremony, type Ceremony, type CeremonyKeys, type CeremonyPlan } from './ceremony.ts';
export {
  CeremonyError,
  openCeremony,
  readCeremony,
  writeDurably,
  type WriteOptions,
} from './ceremony-files.ts';
export { followRekorV2Shard, type RekorV2KeyType, type RekorV2Shard } from './rekor-v2-shard.ts';
export { renderTrustFiles, type PublicUrls } from './trust-files.ts';
