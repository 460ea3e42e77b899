// Writes a .gz next to every built file that gets smaller by it. The page itself is left out: its nonce changes.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

const dist = path.join(import.meta.dirname, '..', 'dist')
for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(js|css|svg|json)$/.test(entry.name)) continue
  const file = path.join(entry.parentPath, entry.name)
  const plain = readFileSync(file)
  const packed = gzipSync(plain, { level: 9 })
  if (packed.length < plain.length * 0.95) writeFileSync(`${file}.gz`, packed)
}
