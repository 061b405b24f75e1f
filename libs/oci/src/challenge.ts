/** One challenge of a `WWW-Authenticate` header (RFC 9110 section 11.6.1), scheme in lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const MAX_LENGTH = 8192;
const TOKEN = /[A-Za-z0-9!#$%&'*+.^_`|~-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;

/** The challenges of a header in their order; what cannot be read ends the list. */
export function parseChallenges(header: string | null): Challenge[] {
  const text = (header ?? '').slice(0, MAX_LENGTH);
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let at = 0;

  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match ?? undefined;
  };
  const skip = (characters: string): void => {
    while (at < text.length && characters.includes(text.charAt(at))) at++;
  };

  for (skip(' \t,'); at < text.length; skip(' \t,')) {
    const name = take(TOKEN)?.[0];
    if (name === undefined) break;
    const afterName = at;
    skip(' \t');
    if (text.charAt(at) !== '=') {
      // A word that is followed by no value opens the next challenge.
      at = afterName;
      challenges.push({ scheme: name.toLowerCase(), parameters: {} });
      continue;
    }
    at++;
    skip(' \t');
    const quoted = take(QUOTED)?.[1]?.replace(/\\(.)/g, '$1');
    const value = quoted ?? take(TOKEN)?.[0];
    const current = challenges.at(-1);
    if (value === undefined || current === undefined) break;
    current.parameters[name.toLowerCase()] = value;
  }
  return challenges;
}
