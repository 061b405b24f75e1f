import { preset } from '../../jest.preset.mjs';

export default {
  ...preset,
  displayName: 'transparency-log',
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/src'],
  passWithNoTests: true,
};
