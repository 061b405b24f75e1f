import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';
import type { Statement } from '../../statement.ts';
import { printable } from '../../text.ts';
import type { Matcher } from '../matcher.ts';
import type { Rule, RuleRefusal } from '../rule.ts';
import type { PolicySubject } from '../subject.ts';

/** Who started a build: by login, or by the number that outlives a change of it. */
export type ActorFact = 'actor' | 'actorId';

/**
 * Members that name the actor: slsa-github-generator writes the environment's names in either case (version 0.2 of the
 * predicate), its newer builders the upper-case ones, and `github` is the subset of GitHub's own context.
 */
const MEMBERS: Readonly<Record<ActorFact, { readonly flat: readonly string[]; readonly inGithub: string }>> =
  {
    actor: { flat: ['github_actor', 'GITHUB_ACTOR'], inGithub: 'actor' },
    actorId: { flat: ['github_actor_id', 'GITHUB_ACTOR_ID'], inGithub: 'actor_id' },
  };

/** Where provenance keeps what the builder knew: by predicate type. */
const PROVENANCE: ReadonlyMap<string, readonly string[]> = new Map([
  ['https://slsa.dev/provenance/v0.2', ['invocation', 'environment']],
  ['https://slsa.dev/provenance/v1', ['buildDefinition', 'internalParameters']],
]);

/**
 * The build was started by this actor. Certificates name the workflow and never the person, so that without provenance nobody can
 * say; and what provenance says is only as good as the builder that signed it, whom the other rules name.
 */
export function actorRule(fact: ActorFact, { field, text, test }: Matcher): Rule {
  const noun = fact === 'actor' ? 'actor' : 'actor ID';
  return {
    field,
    text: `${noun} ${text}`,
    refuse: (subject) => {
      const actors = findActors(subject, fact);
      if (!Array.isArray(actors)) return actors;
      const wrong = actors.find((actor) => !test(actor));
      if (wrong === undefined) return undefined;
      return { code: 'ACTOR_MISMATCH', found: `the provenance says ${printable(wrong)}` };
    },
  };
}

function findActors({ statement }: PolicySubject, fact: ActorFact): string[] | RuleRefusal {
  if (statement === undefined) {
    return unknown(
      'and this signature carries no provenance: a certificate names the workflow, not who started it',
    );
  }
  const keeper = keeperOf(statement);
  if (keeper === undefined) {
    return unknown(`and this is an attestation of type ${printable(statement.predicateType)}`);
  }
  const { flat, inGithub } = MEMBERS[fact];
  const github = memberOf(keeper, 'github');
  const values = flat.map((name) => memberOf(keeper, name));
  if (isJsonObject(github)) values.push(memberOf(github, inGithub));
  const actors = values.filter((value) => value !== undefined && value !== null && value !== '');
  if (actors.length === 0) {
    return unknown("and this provenance does not name the actor (GitHub's own build provenance never does)");
  }
  // A number is how some builders write an ID; anything else is nobody's name and will not match.
  return actors.map((value) =>
    typeof value === 'number' ? String(value) : typeof value === 'string' ? value : '?',
  );
}

function keeperOf({ predicateType, predicate }: Statement): JsonObject | undefined {
  const path = PROVENANCE.get(predicateType);
  if (path === undefined) return undefined;
  let at: JsonValue | undefined = predicate;
  for (const name of path) at = isJsonObject(at) ? memberOf(at, name) : undefined;
  return isJsonObject(at) ? at : {};
}

function memberOf(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function unknown(why: string): RuleRefusal {
  return { code: 'ACTOR_UNKNOWN', found: `the actor of a build is only known from provenance, ${why}` };
}
