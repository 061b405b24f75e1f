import { dsseType } from './dsse-type.ts';
import { EntryTypes } from './entry-type.ts';
import { hashedRekordType } from './hashed-rekord-type.ts';
import { intotoV001Type } from './intoto-v001-type.ts';
import { intotoV002Type } from './intoto-v002-type.ts';

/** The entry types of our Rekor v1 log. A new type is added here; callers stay as they are. */
export const rekorEntryTypes = new EntryTypes([hashedRekordType, dsseType, intotoV001Type, intotoV002Type]);

/** Kinds that stock Rekor has and this log has not. */
export const UNSUPPORTED_REKOR_KINDS: readonly string[] = [
  'alpine',
  'cose',
  'helm',
  'jar',
  'rekord',
  'rfc3161',
  'rpm',
  'tuf',
];
