/** A loaded connection as charon 5.9 lists it. */
import {
  buildMessage,
  type InputValue,
  type LoadedConnection,
  type Message,
  type MessageInput,
  parseLoadedConnection,
} from '@sallyport/vici';
import type { TunnelPlan } from '../../../plan/host-plan.ts';
import { renderConnection } from '../render.ts';

/** `loaded`: what stands under the connection's name in load-conn. */
export function listSection(loaded: Message | undefined): Readonly<Record<string, InputValue>> {
  const time = (section: Message | undefined, key: string): string =>
    section?.text(key)?.replace(/s$/, '') ?? '0';
  const round = (section: Message | undefined): MessageInput => ({
    ...{ id: section?.text('id'), groups: section?.list('groups') ?? [] },
    class: section?.text('auth') === 'psk' ? 'pre-shared key' : 'public key',
  });
  const delay = time(loaded, 'dpd_delay');
  return {
    local_addrs: loaded?.list('local_addrs') ?? [],
    remote_addrs: loaded?.list('remote_addrs') ?? [],
    version: 'IKEv2',
    reauth_time: '0',
    rekey_time: time(loaded, 'rekey_time'),
    unique: `UNIQUE_${loaded?.text('unique')?.toUpperCase() ?? 'NO'}`,
    ...(delay === '0' ? {} : { dpd_delay: delay }),
    'local-1': round(loaded?.section('local')),
    'remote-1': round(loaded?.section('remote')),
    children: new Map(
      [...(loaded?.section('children')?.sections() ?? [])].map(([name, child]) => [
        name,
        {
          mode: child.text('mode')?.toUpperCase(),
          rekey_time: time(child, 'rekey_time'),
          rekey_bytes: child.text('rekey_bytes') ?? '0',
          rekey_packets: child.text('rekey_packets') ?? '0',
          dpd_action: child.text('dpd_action') === 'trap' ? 'trap' : 'none',
          close_action: child.text('close_action') ?? 'none',
          'local-ts': child.list('local_ts'),
          'remote-ts': child.list('remote_ts'),
        },
      ]),
    ),
  };
}

/** As a daemon lists it that loaded just what is rendered. */
export function listed(tunnel: TunnelPlan): LoadedConnection {
  const loaded = buildMessage(renderConnection(tunnel));
  return parseLoadedConnection(tunnel.name, buildMessage(listSection(loaded)));
}
