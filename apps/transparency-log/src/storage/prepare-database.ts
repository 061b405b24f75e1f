export { prepareDatabase } from '@sigstead/postgres';
