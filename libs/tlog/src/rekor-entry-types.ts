import { EntryTypes } from './entry-type.ts';
import { hashedRekordType } from './hashed-rekord-type.ts';

/** The entry types of our Rekor v1 log. A new type is added here; callers stay as they are. */
export const rekorEntryTypes = new EntryTypes([hashedRekordType]);
