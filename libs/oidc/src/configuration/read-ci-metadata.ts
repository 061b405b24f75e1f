import type { CiProviderExtensionField, CiProviderMetadata } from '../ci-provider-metadata.ts';
import { Template } from '../template/template.ts';
import { at, invalid, Section, type SectionContext } from './section.ts';
import type { Value } from './value.ts';

/** Keys of `extension-templates` in the order of their extensions 1.3.6.1.4.1.57264.1.N, and the field each fills. */
export const extensionTemplateKeys: ReadonlyMap<string, CiProviderExtensionField> = new Map([
  ['github-workflow-trigger', 'githubWorkflowTrigger'],
  ['github-workflow-sha', 'githubWorkflowSha'],
  ['github-workflow-name', 'githubWorkflowName'],
  ['github-workflow-repository', 'githubWorkflowRepository'],
  ['github-workflow-ref', 'githubWorkflowRef'],
  ['build-signer-uri', 'buildSignerUri'],
  ['build-signer-digest', 'buildSignerDigest'],
  ['runner-environment', 'runnerEnvironment'],
  ['source-repository-uri', 'sourceRepositoryUri'],
  ['source-repository-digest', 'sourceRepositoryDigest'],
  ['source-repository-ref', 'sourceRepositoryRef'],
  ['source-repository-identifier', 'sourceRepositoryIdentifier'],
  ['source-repository-owner-uri', 'sourceRepositoryOwnerUri'],
  ['source-repository-owner-identifier', 'sourceRepositoryOwnerIdentifier'],
  ['build-config-uri', 'buildConfigUri'],
  ['build-config-digest', 'buildConfigDigest'],
  ['build-trigger', 'buildTrigger'],
  ['run-invocation-uri', 'runInvocationUri'],
  ['source-repository-visibility-at-signing', 'sourceRepositoryVisibilityAtSigning'],
  ['deployment-environment', 'deploymentEnvironment'],
]);

const KEYS = ['default-template-values', 'extension-templates', 'subject-alternative-name-template'];

/** Templates of one entry; whether it can name anybody is asked when an issuer uses it. */
export type CiMetadata = Omit<CiProviderMetadata, 'subjectAlternativeName'> & {
  readonly subjectAlternativeName: Template | undefined;
};

export type MetadataByName = ReadonlyMap<string, CiMetadata>;

/**
 * One entry of `ci-issuer-metadata`. Templates for issuer and subject are skipped: those always are the token's.
 *
 * @throws OidcError CONFIG when a template cannot be parsed or uses what is not supported
 */
export function readCiMetadata(value: Value, path: string, context: SectionContext): CiMetadata {
  const section = new Section(value, KEYS, path, context);
  const keys = [...extensionTemplateKeys.keys()];
  const extensions = new Section(
    section.value('extension-templates') ?? null,
    keys,
    section.at('extension-templates'),
    context,
  );
  return {
    defaults: new Map(
      section.entries('default-template-values').map(([key, text, at]) => [key, defaultValue(text, at)]),
    ),
    subjectAlternativeName: template(section, 'subject-alternative-name-template'),
    extensions: [...extensionTemplateKeys].flatMap(([key, field]) => {
      const parsed = template(extensions, key);
      return parsed === undefined ? [] : [{ field, template: parsed }];
    }),
  };
}

function template(section: Section, key: string): Template | undefined {
  const source = section.text(key) ?? '';
  return source.trim() === '' ? undefined : at(section.at(key), () => Template.parse(source));
}

function defaultValue(value: Value, path: string): string {
  if (value === null) return '';
  if (typeof value !== 'string') throw invalid(path, 'want a text');
  return value;
}
