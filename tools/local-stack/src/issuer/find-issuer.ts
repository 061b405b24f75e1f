import { HttpProblem } from '@sigstead/server';
import type { DevelopmentIssuer } from './development-issuer.ts';

export const ISSUERS = Symbol('development issuers by name');

export function findIssuer(issuers: ReadonlyMap<string, DevelopmentIssuer>, name: string): DevelopmentIssuer {
  const issuer = issuers.get(name);
  if (issuer !== undefined) return issuer;
  const known = [...issuers.keys()].join(', ');
  throw new HttpProblem(404, `there is no such development issuer, want one of ${known}`, {
    type: 'unknown-issuer',
  });
}
