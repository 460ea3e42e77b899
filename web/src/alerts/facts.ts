import type { Alert } from '@/api/nouns'

/** Who or what an alert is about, in one value: the first that is known. */
export function subject(alert: Alert): string {
  return alert.user.email || alert.user.name || alert.host.name || alert.host.ip || alert.src_ip || alert.mail.from || alert.cloud.resource || alert.url || ''
}

export type Fact = { name: string; value: string; pointer: string }

const shown: [name: string, ...path: string[]][] = [
  ['User', 'user', 'name'], ['Domain', 'user', 'domain'], ['E-mail', 'user', 'email'], ['User id', 'user', 'uid'],
  ['Host', 'host', 'name'], ['Host address', 'host', 'ip'], ['Host id', 'host', 'id'], ['System', 'host', 'os'],
  ['Source address', 'src_ip'], ['Destination address', 'dst_ip'],
  ['Process', 'process', 'name'], ['Process path', 'process', 'path'], ['Command line', 'process', 'command_line'],
  ['Process id', 'process', 'pid'], ['Parent process', 'process', 'parent'],
  ['File', 'file', 'name'], ['File path', 'file', 'path'], ['SHA-256', 'file', 'sha256'], ['SHA-1', 'file', 'sha1'], ['MD5', 'file', 'md5'],
  ['URL', 'url'],
  ['From', 'mail', 'from'], ['Reply to', 'mail', 'reply_to'], ['To', 'mail', 'to'], ['Subject', 'mail', 'subject'],
  ['Links in the mail', 'mail', 'urls'], ['SPF', 'mail', 'spf'], ['DKIM', 'mail', 'dkim'], ['DMARC', 'mail', 'dmarc'], ['Message id', 'mail', 'message_id'],
  ['Cloud', 'cloud', 'provider'], ['Account', 'cloud', 'account'], ['Region', 'cloud', 'region'], ['Resource', 'cloud', 'resource'],
]

/** The alert's facts that are there, in the order in which an analyst asks for them. All of it is untrusted. */
export function facts(alert: Alert): Fact[] {
  const found: Fact[] = []
  for (const [name, ...path] of shown) {
    let value: unknown = alert
    for (const part of path) value = (value as Record<string, unknown> | undefined)?.[part]
    const text = Array.isArray(value) ? value.join(', ') : value === undefined || value === null || value === 0 ? '' : String(value)
    if (text !== '') found.push({ name, value: text, pointer: `/${path.join('/')}` })
  }
  return found
}
