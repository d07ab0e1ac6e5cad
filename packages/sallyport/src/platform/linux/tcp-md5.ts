/** Whether the kernel can sign TCP with MD5 (RFC 2385): `CONFIG_TCP_MD5SIG`, of which its symbols tell. */
import { readProcFile } from './proc-files.ts';

/** Undefined where the kernel does not name its symbols. */
export async function canSignTcp(path = '/proc/kallsyms'): Promise<boolean | undefined> {
  const symbols = await readProcFile(path);
  // Of TCP every kernel that names any has this one (net/ipv4/tcp_ipv4.c).
  if (symbols === undefined || !/ tcp_v4_connect$/m.test(symbols)) return undefined;
  return / tcp_md5_do_add$/m.test(symbols);
}
