// Generates src/api/schema.ts from ../api/openapi.yaml; with --check it only says whether that is current.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'

const root = path.join(import.meta.dirname, '..')
const spec = path.join(root, '..', 'api', 'openapi.yaml')
const target = path.join(root, 'src', 'api', 'schema.ts')

const ast = await openapiTS(new URL(`file://${spec}`), { alphabetize: true })
const text = `// Generated from api/openapi.yaml by \`npm run types\`. Do not edit.\n\n${astToString(ast)}`

if (process.argv.includes('--check')) {
  const current = existsSync(target) ? readFileSync(target, 'utf8') : ''
  if (current !== text) {
    console.error('web/src/api/schema.ts does not match api/openapi.yaml: run `npm run types` in web and commit the result')
    process.exit(1)
  }
} else {
  writeFileSync(target, text)
}
