export { performCeremony, type Ceremony, type CeremonyKeys, type CeremonyPlan } from './ceremony.ts';
export {
  CeremonyError,
  openCeremony,
  readCeremony,
  writeDurably,
  type WriteOptions,
} from './ceremony-files.ts';
export { renderTrustFiles, type PublicUrls } from './trust-files.ts';
