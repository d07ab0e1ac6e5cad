/** Declarations as they are stored, from their YAML. */
import { parseYaml } from '../../model/parse-yaml.ts';
import type { StoredObject } from '../object-store.ts';

export function storedFrom(text: string, file = '/etc/site.yaml'): StoredObject[] {
  return parseYaml([{ file, text }]).objects.map(({ object }) => ({ object, file }));
}
