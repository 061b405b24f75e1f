import { encodeHex } from '@sigstead/encoding';
import { TlogError } from '../errors.ts';
import { type NoteKey, noteKeyOf, parseVerifierKey, type UnsupportedNoteKey } from './verifier-key.ts';

/** C2SP asks for at least 32 of each. */
const MAX_LINES_OF_A_KIND = 64;
const MAX_POLICY_CHARACTERS = 256 * 1024;
/** The one name that is defined from the start, for a quorum that asks for nobody. */
const NONE = 'none';

export interface PolicyLog {
  readonly key: NoteKey;
  readonly url: string | undefined;
}

export interface PolicyWitness {
  /** What the policy calls it; its name in notes is that of the key. */
  readonly name: string;
  /** Verifies cosignatures. */
  readonly key: NoteKey;
  /** Submission prefix, http or https; undefined when the policy gives none. */
  readonly url: string | undefined;
}

/** Whose cosignatures make a checkpoint count (C2SP tlog-policy). */
export interface WitnessPolicy {
  readonly logs: readonly PolicyLog[];
  /** Those whose cosignatures can be verified here. */
  readonly witnesses: readonly PolicyWitness[];
  /** Names of witnesses with keys of a type that cannot be: they never count. */
  readonly unsupported: readonly string[];
  /** Undefined when nobody is asked for. */
  readonly quorum: Quorum | undefined;
}

/** A witness, or so many of these. */
export type Quorum =
  { readonly witness: string } | { readonly threshold: number; readonly members: readonly Quorum[] };

/**
 * Reads a policy file. Lines hold words between spaces or tabs; empty ones and those that start with `#` count for nothing.
 *
 * ```
 * log <vkey> [<url>]
 * witness <name> <vkey> [<url>]
 * group <name> all|any|<k> <name>...       of witnesses and groups on lines before
 * quorum <name>|none                       exactly once
 * ```
 *
 * A witness key is a vkey of type 0x04; one of type 0x01 stands for the same key as a cosigner, as with Tessera. One of ML-DSA-44 is
 * taken for a witness that never cosigns.
 *
 * @throws TlogError WITNESS_POLICY when malformed, with a name unknown or used twice, a key given twice, or a quorum out of reach
 */
export function parseWitnessPolicy(text: string): WitnessPolicy {
  assertCharacters(text);
  const draft = new PolicyDraft();
  text.split('\n').forEach((line, at) => {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    const [keyword] = words;
    if (keyword === undefined || keyword.startsWith('#')) return;
    try {
      draft.add(keyword, words.slice(1));
    } catch (cause) {
      if (!(cause instanceof TlogError)) throw cause;
      throw new TlogError('WITNESS_POLICY', `line ${at + 1} of the witness policy: ${cause.message}`, {
        cause,
      });
    }
  });
  return draft.finish();
}

/** Whether a checkpoint counts that these witnesses, by their names in the policy, have cosigned. */
export function isQuorumMet({ quorum }: WitnessPolicy, cosigned: ReadonlySet<string>): boolean {
  return quorum === undefined || isMet(quorum, cosigned);
}

function isMet(quorum: Quorum, cosigned: ReadonlySet<string>): boolean {
  if ('witness' in quorum) return cosigned.has(quorum.witness);
  return quorum.members.filter((member) => isMet(member, cosigned)).length >= quorum.threshold;
}

/** What was read so far. */
class PolicyDraft {
  readonly #logs: PolicyLog[] = [];
  readonly #witnesses: PolicyWitness[] = [];
  readonly #unsupported: string[] = [];
  readonly #defined = new Map<string, Quorum>();
  readonly #members = new Set<string>();
  readonly #logKeys = new Set<string>();
  readonly #witnessKeys = new Set<string>();
  #quorum: { readonly named: Quorum | undefined } | undefined;

  add(keyword: string, words: readonly string[]): void {
    switch (keyword) {
      case 'log':
        return this.#addLog(words);
      case 'witness':
        return this.#addWitness(words);
      case 'group':
        return this.#addGroup(words);
      case 'quorum':
        return this.#setQuorum(words);
      default:
        throw refuse(`unknown keyword ${quote(keyword)}`);
    }
  }

  finish(): WitnessPolicy {
    if (this.#quorum === undefined) throw refuse('the witness policy has no quorum line');
    const policy: WitnessPolicy = {
      logs: this.#logs,
      witnesses: this.#witnesses,
      unsupported: this.#unsupported,
      quorum: this.#quorum.named,
    };
    if (!isQuorumMet(policy, new Set(this.#witnesses.map(({ name }) => name)))) {
      throw refuse(
        `the quorum cannot be met without witnesses of unsupported keys: ${this.#unsupported.map(quote).join(', ')}`,
      );
    }
    return policy;
  }

  #addLog(words: readonly string[]): void {
    const [vkey, url, ...more] = words;
    if (vkey === undefined || more.length > 0) throw refuse('want log <vkey> [<url>]');
    assertRoom('logs', this.#logs.length);
    const key = parseVerifierKey(vkey);
    if (key.algorithm === 'ml-dsa-44' || key.algorithm === 'cosignature') {
      throw refuse(`log key of type ${key.algorithm}, which signs no checkpoints`);
    }
    assertFirst('log key', this.#logKeys, encodeHex(key.key.keyId));
    this.#logs.push({ key, url: url === undefined ? undefined : parseUrl(url) });
  }

  #addWitness(words: readonly string[]): void {
    const [name, vkey, url, ...more] = words;
    if (name === undefined || vkey === undefined || more.length > 0)
      throw refuse('want witness <name> <vkey> [<url>]');
    assertRoom('witnesses', this.#witnesses.length + this.#unsupported.length);
    const key = cosignerKey(parseVerifierKey(vkey));
    const prefix = url === undefined ? undefined : parseUrl(url);
    if (key.algorithm === 'ml-dsa-44') {
      assertFirst('witness key', this.#witnessKeys, vkey);
      this.#unsupported.push(name);
    } else {
      assertFirst('witness key', this.#witnessKeys, encodeHex(key.key.keyId));
      this.#witnesses.push({ name, key, url: prefix });
    }
    this.#define(name, { witness: name });
  }

  #addGroup(words: readonly string[]): void {
    const [name, count, ...members] = words;
    if (name === undefined || count === undefined || members.length === 0) {
      throw refuse('want group <name> all|any|<k> <name>...');
    }
    const threshold = parseThreshold(count, members.length);
    const quorums = members.map((member) => {
      const quorum = this.#find(member);
      assertFirst('group member', this.#members, member);
      return quorum;
    });
    assertRoom('groups', [...this.#defined.values()].filter((each) => 'members' in each).length);
    this.#define(name, { threshold, members: quorums });
  }

  #setQuorum(words: readonly string[]): void {
    const [name, ...more] = words;
    if (name === undefined || more.length > 0) throw refuse('want quorum <name>|none');
    if (this.#quorum !== undefined) throw refuse('a second quorum line');
    this.#quorum = { named: name === NONE ? undefined : this.#find(name) };
  }

  #define(name: string, quorum: Quorum): void {
    if (name === NONE) throw refuse('the name none is taken');
    if (this.#defined.has(name)) throw refuse(`name ${quote(name)} is defined already`);
    this.#defined.set(name, quorum);
  }

  /** Names must be defined before they are used, so groups cannot contain each other. */
  #find(name: string): Quorum {
    const quorum = this.#defined.get(name);
    if (quorum === undefined) throw refuse(`name ${quote(name)} is not defined on a line before`);
    return quorum;
  }
}

function cosignerKey(key: NoteKey | UnsupportedNoteKey): NoteKey | UnsupportedNoteKey {
  switch (key.algorithm) {
    case 'cosignature':
    case 'ml-dsa-44':
      return key;
    case 'ed25519':
      return noteKeyOf('cosignature', key.name, key.key);
    default:
      throw refuse(`witness key of type ${key.algorithm}, want 0x04, 0x01 or 0x06`);
  }
}

function parseThreshold(word: string, members: number): number {
  if (word === 'any') return 1;
  if (word === 'all') return members;
  const threshold = /^[1-9][0-9]{0,3}$/.test(word) ? Number(word) : 0;
  if (threshold < 1 || threshold > members) {
    throw refuse(`threshold ${quote(word)} of a group of ${members}, want all, any or 1 to ${members}`);
  }
  return threshold;
}

function parseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url !== undefined && url.username === '' && url.password === '' && !/[?#]/.test(text);
  if (!isPlain || !['http:', 'https:'].includes(url.protocol)) {
    throw refuse(`URL ${quote(text)}, want http or https without credentials, query or fragment`);
  }
  return text.replace(/\/+$/, '');
}

function assertCharacters(text: string): void {
  if (text.length > MAX_POLICY_CHARACTERS) {
    throw refuse(`witness policy of ${text.length} characters, at most ${MAX_POLICY_CHARACTERS} are taken`);
  }
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if ((unit < 0x20 && unit !== 0x09 && unit !== 0x0a) || unit === 0x7f)
      throw refuse(`control character at offset ${at} of the witness policy`);
  }
}

function assertRoom(what: string, count: number): void {
  if (count >= MAX_LINES_OF_A_KIND) throw refuse(`more than ${MAX_LINES_OF_A_KIND} ${what}`);
}

function assertFirst(what: string, seen: Set<string>, value: string): void {
  if (seen.has(value)) throw refuse(`the same ${what} twice`);
  seen.add(value);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}

function refuse(message: string): TlogError {
  return new TlogError('WITNESS_POLICY', message);
}
