import { isJsonObject, type JsonObject, type JsonValue } from '@sigstead/encoding';

/** An image that an object would have run, or mounted. */
export interface UsedImage {
  /** `container`, `initContainer`, `ephemeralContainer` or `volume`. */
  readonly role: string;
  readonly name: string;
  readonly image: string;
}

/** An object in which images cannot be told from the rest. */
export class UnreadableObject extends Error {
  override readonly name = 'UnreadableObject';
}

export const MAX_IMAGES = 200;
const MAX_IMAGE_LENGTH = 1024;

/** Where the specification of a pod stands in an object, by group and kind. */
const POD_SPEC: ReadonlyMap<string, readonly string[]> = new Map([
  ['/Pod', ['spec']],
  ['/PodTemplate', ['template', 'spec']],
  ['/ReplicationController', ['spec', 'template', 'spec']],
  ['apps/Deployment', ['spec', 'template', 'spec']],
  ['apps/ReplicaSet', ['spec', 'template', 'spec']],
  ['apps/StatefulSet', ['spec', 'template', 'spec']],
  ['apps/DaemonSet', ['spec', 'template', 'spec']],
  ['batch/Job', ['spec', 'template', 'spec']],
  ['batch/CronJob', ['spec', 'jobTemplate', 'spec', 'template', 'spec']],
]);

/** `<group>/<kind>` */
export const knownKinds: readonly string[] = [...POD_SPEC.keys()];

const CONTAINER_LISTS = [
  ['containers', 'container'],
  ['initContainers', 'initContainer'],
  ['ephemeralContainers', 'ephemeralContainer'],
] as const;

/**
 * Images of a pod, or of the pods that an object makes: of all its containers, and of volumes that are images.
 *
 * @param kind `<group>/<kind>`
 * @throws UnreadableObject when the kind is unknown, or the object is not of the form of its kind
 */
export function imagesOf(kind: string, object: JsonValue): readonly UsedImage[] {
  const path = POD_SPEC.get(kind);
  if (path === undefined) {
    throw new UnreadableObject(`objects of kind ${kind.replace(/^\//, '')} are not known to have containers`);
  }
  let spec: JsonValue | undefined = object;
  for (const name of path) {
    if (spec === null || spec === undefined) break;
    if (!isJsonObject(spec)) throw new UnreadableObject(`what should have ${name} is no object`);
    spec = own(spec, name);
  }
  if (!isJsonObject(spec)) throw new UnreadableObject(`the object has no ${path.join('.')}`);
  const images = CONTAINER_LISTS.flatMap(([list, role]) => containersOf(spec, list, role));
  const all = [...images, ...volumesOf(spec)];
  if (all.length > MAX_IMAGES) {
    throw new UnreadableObject(`the object has ${all.length} images, at most ${MAX_IMAGES} are taken`);
  }
  return all;
}

function containersOf(spec: JsonObject, list: string, role: string): UsedImage[] {
  return listOf(spec, list).map((container) => {
    const name = textOf(container, 'name', `one of ${list}`);
    return { role, name, image: imageText(container, 'image', `${role} "${name}"`) };
  });
}

/** A volume that is an image (`image.reference`) brings files that containers may execute. */
function volumesOf(spec: JsonObject): UsedImage[] {
  return listOf(spec, 'volumes').flatMap((volume) => {
    const source = own(volume, 'image');
    if (source === undefined || source === null) return [];
    const name = textOf(volume, 'name', 'one of volumes');
    if (!isJsonObject(source)) throw new UnreadableObject(`volume "${name}" has an image that is no object`);
    return [{ role: 'volume', name, image: imageText(source, 'reference', `volume "${name}"`) }];
  });
}

function listOf(spec: JsonObject, name: string): JsonObject[] {
  const list = own(spec, name);
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list) || !list.every((item) => isJsonObject(item))) {
    throw new UnreadableObject(`${name} is no list of objects`);
  }
  return list;
}

function imageText(parent: JsonObject, field: string, whose: string): string {
  const image = textOf(parent, field, whose);
  if (image.length <= MAX_IMAGE_LENGTH) return image;
  throw new UnreadableObject(`${whose} has an image of ${image.length} characters`);
}

function textOf(parent: JsonObject, field: string, whose: string): string {
  const value = own(parent, field);
  if (typeof value === 'string' && value !== '') return value;
  throw new UnreadableObject(`${whose} has no ${field}`);
}

function own(parent: JsonObject, field: string): JsonValue | undefined {
  return Object.hasOwn(parent, field) ? parent[field] : undefined;
}
