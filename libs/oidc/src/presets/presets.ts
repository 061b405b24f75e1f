import { buildkite, circleci, jenkins } from './build-services.ts';
import { entra, google, keycloak, kubernetes, spiffe } from './directories.ts';
import { forgejo, gitlab } from './forges.ts';
import { github, githubEnterpriseCloud, githubEnterpriseServer } from './github.ts';
import type { Preset } from './preset.ts';

export const presetNames = [
  'github',
  'github-enterprise-cloud',
  'github-enterprise-server',
  'gitlab',
  'forgejo',
  'buildkite',
  'circleci',
  'jenkins',
  'kubernetes',
  'spiffe',
  'google',
  'keycloak',
  'entra',
] as const;

export type PresetName = (typeof presetNames)[number];

export const presets: Readonly<Record<PresetName, Preset>> = {
  github,
  'github-enterprise-cloud': githubEnterpriseCloud,
  'github-enterprise-server': githubEnterpriseServer,
  gitlab,
  forgejo,
  buildkite,
  circleci,
  jenkins,
  kubernetes,
  spiffe,
  google,
  keycloak,
  entra,
};
