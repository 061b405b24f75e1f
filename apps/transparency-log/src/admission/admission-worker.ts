import { TlogError, type AdmittedEntry } from '@sigstead/tlog';
import { admitterOf, type AdmissionSettings } from './admit-by-api.ts';
import { describeRefusal, type Refusal } from './refusal.ts';

/** What a worker is given: bodies for one log. */
export interface Crowd {
  /** Of the settings; the same name means the same settings. */
  readonly name: string;
  readonly settings: AdmissionSettings;
  readonly bodies: readonly Uint8Array[];
}

/** What a worker makes of a body; anything it throws instead is a fault of ours. */
export type Judgement = { readonly admitted: AdmittedEntry } | { readonly refusal: Refusal };

type Admit = ReturnType<typeof admitterOf>;

/** Reading the keys and chains of a policy takes longer than judging by it. */
const admitters = new Map<string, Admit>();

/** Main function of a worker thread. */
export default function judgeAll({ name, settings, bodies }: Crowd): Judgement[] {
  const admit = admitters.get(name) ?? admitterOf(settings);
  admitters.set(name, admit);
  return bodies.map((body) => judge(admit, body));
}

function judge(admit: Admit, body: Uint8Array): Judgement {
  try {
    return { admitted: admit(body) };
  } catch (error) {
    if (error instanceof TlogError) return { refusal: describeRefusal(error) };
    throw error;
  }
}
