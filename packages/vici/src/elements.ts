// Element types and limits of VICI messages, in one place for encoder and decoder.
//
//   1 SECTION_START  name          name:  1-byte length + bytes
//   2 SECTION_END                  value: 2-byte big-endian length + bytes
//   3 KEY_VALUE      name, value
//   4 LIST_START     name
//   5 LIST_ITEM      value
//   6 LIST_END
//
// strongSwan src/libcharon/plugins/vici/README.md, "Message encoding".

export const SECTION_START = 1;
export const SECTION_END = 2;
export const KEY_VALUE = 3;
export const LIST_START = 4;
export const LIST_ITEM = 5;
export const LIST_END = 6;

/** Longest name of a key, section, list, command or event, in bytes. */
export const MAX_NAME_BYTES = 255;
/** Longest scalar or list item, in bytes. */
export const MAX_VALUE_BYTES = 65_535;
/** Deepest nesting we send or accept. The protocol has no limit; charon uses four levels. */
export const MAX_DEPTH = 64;
